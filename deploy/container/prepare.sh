#!/bin/sh
# Make the context of an image: prepare.sh TARGET FOLDER [--wheels]
# TARGET: cpu, openvino, gpu, workshop or ray. --wheels: fetch all wheels too, for a build without
# a network, for the Python of the base (PYTHON, else 3.11).
set -eu
target=$1 folder=$2 wheels=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
mkdir -p "$folder/wheels"
cp "$here/Containerfile" "$here/slim.sh" "$here/lean.py" "$here/sbom.py" "$folder"
"${UV:-uv}" build --quiet --wheel --out-dir "$folder"
"${UV:-uv}" export --quiet --frozen --no-default-groups --no-emit-project --extra "$target" \
    --format requirements.txt --output-file "$folder/requirements.txt"
if [ "$wheels" = --wheels ]; then
    "${UV:-uv}" run --quiet --no-project --python "${PYTHON:-3.11}" --with pip python -m pip download \
        --quiet --only-binary :all: --require-hashes --requirement "$folder/requirements.txt" \
        --dest "$folder/wheels"
fi
