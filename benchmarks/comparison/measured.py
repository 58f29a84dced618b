# ===-- measured.py - time and peak memory of a command --------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""measured.py FILE COMMAND... runs the command and writes its exit code, its seconds and its
peak in bytes to FILE. A program of its own because a child's peak is never below that of
the process that started it: this one is small."""

import os
import sys
import time


def main():
    start = time.monotonic()
    child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
    _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - start
    with open(sys.argv[1], "w") as file:
        print(os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss << 10, file=file)


if __name__ == "__main__":
    main()
