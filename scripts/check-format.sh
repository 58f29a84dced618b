#!/usr/bin/env bash
# Fails, and names the files, where a source is not formatted.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files '*.cpp' '*.h' '*.c' | xargs clang-format-22 --dry-run --Werror
