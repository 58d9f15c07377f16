"""How far an upload is: a bar on a terminal, else a plain line now and then."""

import sys
import time
from typing import Final, TextIO

from tqdm import tqdm

_PLAIN_LINE_SECONDS: Final = 30.0


class Progress:
    """Counts lines of the user's file that are done with, of all there are."""

    def __init__(self, lines: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lines = lines
        self._terminal = self._stream.isatty()
        self._bar = tqdm(
            total=lines,
            unit=" lines",
            file=self._stream,
            disable=not self._terminal,
            dynamic_ncols=True,
        )
        self._began = self._said = time.monotonic()
        self._done = self._skipped = self._refused = 0

    def skip(self, lines: int) -> None:
        """These were answered in an earlier run; they do not make this one faster."""
        self._skipped += lines
        if self._terminal:
            self._bar.initial += lines
            self._bar.update(lines)

    def advance(self, lines: int, refused: int) -> None:
        """So many lines more have their answer, and so many documents were refused."""
        self._done += lines
        self._refused += refused
        if self._refused and refused:
            self._bar.set_postfix_str(f"{self._refused} refused", refresh=False)
        self._bar.update(lines)
        if not self._terminal and time.monotonic() - self._said >= _PLAIN_LINE_SECONDS:
            self._said = time.monotonic()
            self.note(self._plain_line())

    def note(self, words: str) -> None:
        """Says something without spoiling the bar."""
        with tqdm.external_write_mode(file=self._stream):
            print(words, file=self._stream, flush=True)

    def close(self, *, finished: bool) -> None:
        """The last state of the bar stays; blank lines at the end are done with, too."""
        if finished:
            self._bar.update(max(0, self._lines - self._done - self._skipped))
        self._bar.close()

    def _plain_line(self) -> str:
        rate = self._done / max(time.monotonic() - self._began, 1e-9)
        reached = self._done + self._skipped
        minutes = (self._lines - reached) / max(rate, 1e-9) / 60
        return (
            f"{reached:,} of {self._lines:,} lines, {rate:,.0f} a second, "
            f"{minutes:,.0f} min left, {self._refused:,} refused"
        )
