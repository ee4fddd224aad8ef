"""The C library's memory, told to give large blocks back.

glibc learns to serve ever larger blocks from its heap, where one small block above keeps all below it; and it has
heaps for many threads. A daemon that counts large columns every few minutes looks as if it leaked then.
"""

from __future__ import annotations

import ctypes
import sys

_MMAP_THRESHOLD, _ARENA_MAX = -3, -8  # malloc.h
_LARGE = 128 * 1024
_ARENAS = 2


def give_back_large_blocks() -> bool:
    """Blocks from 128 KB on go back when they are freed, and threads share two heaps; False without glibc."""
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _LARGE) and mallopt(_ARENA_MAX, _ARENAS))
