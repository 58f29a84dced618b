#!/usr/bin/env bash
# Builds ggml, a peer of benchmarks/compare, for this CPU in build/ggml: from the source
# inside the llama-cpp-python package. Nothing of moec needs it.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "$0")/.."
version=0.3.36
sum=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
out=build/ggml
archive=$out/llama_cpp_python-$version.tar.gz
mkdir -p $out
if [ ! -f $archive ]; then
  build/venv/bin/pip download -q --disable-pip-version-check --no-deps --no-binary llama-cpp-python \
    -d $out "llama-cpp-python==$version"
fi
echo "$sum  $archive" | sha256sum -c --quiet
tar -xf $archive -C $out
source=$out/llama_cpp_python-$version/vendor/llama.cpp/ggml
# The package leaves this template out.
touch $source/ggml.pc.in
cmake -S $source -B $out/build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=ON \
  -DCMAKE_C_COMPILER=clang-22 -DCMAKE_CXX_COMPILER=clang++-22 -DGGML_STANDALONE=OFF \
  -DGGML_BUILD_TESTS=OFF -DGGML_BUILD_EXAMPLES=OFF -DGGML_OPENMP=OFF -DGGML_NATIVE=ON \
  -DCMAKE_LIBRARY_OUTPUT_DIRECTORY="$PWD/$out/lib" >$out/configure.log 2>&1 || { cat $out/configure.log; exit 1; }
cmake --build $out/build
