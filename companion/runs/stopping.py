"""Being asked to stop, and stopping in order.

Chapter: book/5-training/8-a-run-to-trust.ipynb
"""

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

SIGNALS = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP")  # Windows lacks the last
    if hasattr(signal, name)
]


class Stopping:
    """Notes Ctrl-C, SIGTERM and a lost terminal while the block runs.

    The first one is noted, so that the step in hand can end; from then on
    signals do what they did before, so a second one stops at once. In
    another thread than the main one, which alone gets signals, nothing
    changes.

    Attributes:
        signal: the number of the signal that came, or None.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._before: dict[int, object] = {}

    @property
    def exit_code(self) -> int:
        """As a shell counts: 128 and the signal; 0 if there was none."""
        return 128 + self.signal if self.signal else 0

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
