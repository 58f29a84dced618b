#!/bin/sh
#===-- check-library.sh - what a compiled library exports and needs ----------===#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# usage: check-library.sh libNAME.so NAME
# Exactly one symbol out, and nothing but libc, libm and libpthread in.
#
#===--------------------------------------------------------------------------===#
set -eu
library=$1
name=$2
exported=$(nm -D --defined-only "$library" | awk '{print $3}')
if [ "$exported" != "moec_query_$name" ]; then
  echo "exports: $exported; expected moec_query_$name alone" >&2
  exit 1
fi
needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
for one in $needed; do
  case $one in
  libc.so.6 | libm.so.6 | libpthread.so.0) ;;
  *)
    echo "needs $one; expected libc, libm and libpthread alone" >&2
    exit 1
    ;;
  esac
done
# Nothing that could end or talk for the host's process, and nothing of the C++
# library.
if nm -D --undefined-only "$library" |
  grep -E ' (abort|exit|_exit|quick_exit|puts|printf|fprintf|__assert_fail|raise|kill|signal|sigaction|_Zn|_Zd|_ZS|_ZNSt|__cxa_(throw|guard|atexit|pure))' |
  grep -v ' w '; then
  echo "calls a function that a library must not call" >&2
  exit 1
fi
# No constructors: the two entries that every crtbegin brings are frame_dummy's.
sections=$(readelf -SW "$library" | grep -c '\.ctors' || true)
size=$(readelf -SW "$library" | sed -n 's/.*\.init_array *INIT_ARRAY *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\).*/\1/p')
if [ "$sections" != 0 ] || [ "$((0x${size:-0}))" -gt 8 ]; then
  echo "has a global constructor (.init_array of ${size:-0} bytes)" >&2
  exit 1
fi
echo "ok: $exported; needs:" $needed
