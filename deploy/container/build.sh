#!/bin/sh
# Build localhost/boxwright:TARGET of this checkout: build.sh [TARGET] [options of the build]
# TARGET: cpu (the default), openvino, gpu, workshop or ray.
# Set BASE for another base image, ENGINE=docker for docker, and OFFLINE=1 to fetch all wheels
# first and then build without a network.
set -eu
target=cpu
case ${1:-} in
'' | -*) ;;
*)
    target=$1
    shift
    ;;
esac
engine=${ENGINE:-podman}
case $target in
cpu | openvino) runtime=lean ;;
*) runtime=full ;; # Ray calls a shell, CUDA's drivers are mounted, people work in the workshop
esac
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
"$(dirname "$0")/prepare.sh" "$target" "$context" ${OFFLINE:+--wheels}
# Images in podman's own format have no HEALTHCHECK.
[ "$engine" = docker ] || set -- --format docker "$@"
"$engine" build ${BASE:+--build-arg "BASE=$BASE"} \
    --build-arg "RUNTIME=$runtime" ${OFFLINE:+--network none --build-arg PIP_NO_INDEX=1} \
    --target "$target" --tag "localhost/boxwright:$target" --file "$context/Containerfile" \
    "$@" "$context"
