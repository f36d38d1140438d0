"""Progress for logs: a line every few seconds with a bar, the rate and the time left."""

import sys
import time
from contextlib import suppress

WIDTH = 20


class Progress:
    """Counts work done towards a total and reports on stderr, at most every ``interval`` seconds."""

    def __init__(self, label: str, total: float, unit: str, interval: float = 5.0) -> None:
        self.label, self.total, self.unit, self.interval = label, total, unit, interval
        self._done = self._skipped = 0.0
        self._start = self._last = time.monotonic()

    def skip(self, amount: float) -> None:
        """Count work that an earlier run has done: it fills the bar but not the rate."""
        self._skipped += amount

    def add(self, amount: float, note: str = "") -> None:
        """Count ``amount`` more units as done."""
        self._done += amount
        now = time.monotonic()
        finished = self._done + self._skipped >= self.total
        if now - self._last < self.interval and not finished:
            return
        self._last = now
        share = min(1.0, (self._done + self._skipped) / self.total)
        rate = self._done / max(now - self._start, 1e-9)
        left = (self.total - self._done - self._skipped) / rate if rate else 0.0
        bar = "#" * round(share * WIDTH)
        with suppress(OSError):  # a full disk: what the job itself has to write says so
            print(
                f"{self.label} [{bar:<{WIDTH}}] {share:4.0%} {rate:,.{int(rate < 10)}f} {self.unit}/s, "
                f"{int(left) // 60}:{int(left) % 60:02d} left{note and '  ' + note}",
                file=sys.stderr,
                flush=True,
            )
