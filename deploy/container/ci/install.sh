#!/bin/sh
# Install what builds and runs images on Debian, as root: podman, and mmdebstrap for a base image.
set -eu
apt-get update -q
DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
    podman buildah runc mmdebstrap netavark aardvark-dns catatonit iptables
