"""Whether a line that changes while one waits is of use to somebody.

Chapter: book/2-environment/5-working-habits.ipynb
"""

import os
import sys


def somebody_waits() -> bool:
    """Whether stderr is a terminal with somebody in front of it.

    A command in a notebook (`!companion train`) writes to a terminal too,
    but that one keeps every state of a line: there the answer is no.
    """
    return sys.stderr.isatty() and "JPY_PARENT_PID" not in os.environ
