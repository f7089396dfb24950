#!/bin/sh
# Make the image localhost/python-base:slim of Debian's own Python, where no registry can be reached.
# It stands in for the BASE of the Containerfile. Run as root, on Debian, with podman.
set -eu
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016 # apt fills it in
mirror=$(apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" "Created-By: Packages" |
    head -n 1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mmdebstrap --quiet --variant=minbase \
    --include=python3-minimal,libpython3-stdlib,python3-venv,ca-certificates \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$suite" "$folder/base.tar" "$mirror"
podman import --quiet --change 'CMD ["python3"]' "$folder/base.tar" localhost/python-base:slim
