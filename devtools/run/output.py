"""Share one terminal among programs: each line begins with the name of its program."""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

COLOURS = (36, 32, 33, 35, 34)  # readable on black and on white
RESET = "\x1b[0m"


class Output:
    """The terminal. `is_closed` becomes true when nobody reads any more (`make run | head`)."""

    def __init__(self, names: list[str], stream: TextIO, *, coloured: bool) -> None:
        self.is_closed = False
        self._stream = stream
        width = max((len(name) for name in names), default=0)
        self._prefixes = {name: f"{name.ljust(width)} | " for name in names}
        if coloured:
            for name, colour in zip(names, COLOURS * len(names), strict=False):
                self._prefixes[name] = f"\x1b[{colour}m{self._prefixes[name]}{RESET}"

    def line(self, name: str, text: str) -> None:
        self._write(f"{self._prefixes[name]}{text}\n")

    def say(self, text: str) -> None:
        self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        if self.is_closed:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self.is_closed = True


def to_terminal(names: list[str], environment: Mapping[str, str]) -> Output:
    coloured = (
        sys.stdout.isatty()
        and not environment.get("NO_COLOR")
        and environment.get("TERM") != "dumb"
    )
    # `backslashreplace`: a name that the terminal cannot show must not end the run. `dup`: the
    # interpreter's last flush of stdout must not fail either when nobody reads any more.
    stream = os.fdopen(
        os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding, errors="backslashreplace"
    )
    return Output(names, stream, coloured=coloured)
