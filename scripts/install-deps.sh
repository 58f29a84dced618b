#!/usr/bin/env bash
# Installs what a build and the tests need and this machine lacks: Debian
# packages, and a Python environment for the tests in build/venv.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(cmake ninja-build clang-22 libclang-rt-22-dev clang-format-22 clang-tidy-22 lld-22
  llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools
  protobuf-compiler libprotobuf-dev libcli11-dev libxxhash-dev
  libgtest-dev libopenblas-dev qemu-user
  g++ libc6-dev python3 python3-venv ca-certificates git)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
    missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  sudo=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "run as root, or install sudo, to add: ${missing[*]}" >&2; exit 1; }
    sudo=sudo
  fi
  echo "installing: ${missing[*]}"
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# The environment is made once per lock file.
venv=build/venv
lock=$(sha256sum requirements-test.txt | cut -d' ' -f1)
if [ "$(cat $venv/lock 2>/dev/null)" != "$lock" ]; then
  rm -rf $venv
  /usr/bin/python3 -m venv $venv
  $venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-test.txt
  echo "$lock" >$venv/lock
fi
