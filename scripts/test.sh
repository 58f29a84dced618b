#!/usr/bin/env bash
# Installs what is missing, builds, looks at the sources (clang-format,
# clang-tidy) and runs every test; ends with ctest's own closing line.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh
scripts/build.sh
scripts/check-format.sh
cmake --build --preset release --target moec-tidy
MOEC_PYTHON=$PWD/build/venv/bin/python ctest --preset release
