# ===-- memory.py - what a process has of memory ---------------------------===#
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Of this process, from /proc: getrusage's peak is never below that of the process that
started this one."""

import ctypes
import mmap
import os
import resource

import numpy as np

MIB = 1 << 20
#: Of the memory that nobody uses, how much a request may take.
SHARE = 0.85


def _field(path, name):
    with open(path) as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name + ":"))


def available():
    return _field("/proc/meminfo", "MemAvailable")


def resident():
    return _field("/proc/self/status", "VmRSS")


def peak():
    """The most that was resident since the start, or since `forget_peak`."""
    return _field("/proc/self/status", "VmHWM")


def forget_peak():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def limit():
    """Lets this process allocate what is there and no more: it is refused then, where
    the machine would end some process."""
    most = _field("/proc/self/status", "VmData") + int(SHARE * available())
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def touch(folders):
    """Reads a byte of each page of the files below `folders` that are mapped here. Weights
    that are mapped are resident only once a run has read them."""
    below = tuple(os.path.realpath(folder) + os.sep for folder in folders)
    with open("/proc/self/maps") as lines:
        maps = [line.rstrip("\n").split(maxsplit=5) for line in lines]
    for fields in maps:
        if len(fields) == 6 and fields[5].startswith(below) and fields[1].startswith("r"):
            start, end = (int(address, 16) for address in fields[0].split("-"))
            pages = np.ctypeslib.as_array((ctypes.c_ubyte * (end - start))
                                          .from_address(start))
            pages[::mmap.PAGESIZE].max()
