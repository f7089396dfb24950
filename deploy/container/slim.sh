#!/bin/sh
# Take out of an environment what no server runs: slim.sh ENVIRONMENT
set -eu
cd "$1"/lib/python3*/site-packages
[ ! -d torch ] || exit 0 # the workshop needs the most of it
# What only compilers, type checkers and the tests of those packages read.
find . -type d -name tests -prune -exec rm -rf {} +
find . -type f \( -name '*.pyi' -o -name '*.h' -o -name '*.hpp' -o -name '*.pxd' \) -delete
rm -rf numpy/f2py numpy/distutils
# Tools that make models.
(cd onnxruntime && rm -rf backend datasets quantization tools transformers)
# A second copy of ONNX Runtime, for programs in C; Python has its own. CUDA's are left alone.
[ -e onnxruntime/capi/libonnxruntime_providers_cuda.so ] || rm -f onnxruntime/capi/libonnxruntime.so.*
