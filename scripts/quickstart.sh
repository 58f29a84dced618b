#!/usr/bin/env bash
# Installs what is missing, builds, compiles two real MoE models, and shows what
# the libraries do: one layer against its reference, and a trained GPT-OSS that
# writes a line, token by token over its cache.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh
scripts/build.sh
bin=build/release/bin
models=test/fixtures/models
out=build/quickstart
mkdir -p $out

echo
echo "== One MoE layer: moec compile, then the library against the reference"
$bin/moec compile $models/moe_gptoss/model.onnx --name layer -o $out/layer
build/venv/bin/python test/EndToEnd/compare.py --moec-run $bin/moec-run \
  $out/layer/liblayer.so $models/moe_gptoss
$bin/moec-run $out/layer/liblayer.so --dim B=1 --dim S=32 --bench

echo
echo "== A trained GPT-OSS, compiled, continues a line"
$bin/moec compile $models/trained_gptoss/model.onnx --name verses -o $out/verses
$bin/moec-run $out/verses/libverses.so --generate "The router " \
  --chars $models/trained_gptoss/characters.json --max-tokens 80
