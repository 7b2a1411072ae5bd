"""Keep freed memory for the next time it is needed.

A training step allocates and frees the same large arrays again and again.
The C library of Linux (glibc) gives large blocks back to the system at once,
and the system fills each page with zeros when it is asked for anew. For the
small models of this book that takes a tenth to a fifth of a step.

Chapter: book/4-architectures/8-long-texts.ipynb
"""

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # names in malloc.h: M_...
_LARGEST = 2**30  # bytes; blocks up to this size are kept


def keep_freed_memory() -> bool:
    """Ask glibc to reuse blocks of up to a gigabyte, not to return them.

    It holds for the whole process, whose memory then stays as large as it
    has once been. Source: mallopt(3) of the Linux manual.

    Returns:
        Whether it could be done; elsewhere than on glibc nothing happens.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return False
    names = (_TRIM_THRESHOLD, _MMAP_THRESHOLD)
    return all(mallopt(name, _LARGEST) == 1 for name in names)
