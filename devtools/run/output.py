"""One terminal for many programs: each line with the name of the program that wrote it."""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

COLOURS = (36, 32, 33, 35, 34)  # readable on black and on white
RESET = "\x1b[0m"


class Output:
    """`gone` turns true when nobody reads any more (`make run | head`)."""

    def __init__(self, names: list[str], stream: TextIO, *, coloured: bool) -> None:
        self.gone = False
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
        if self.gone:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            self.gone = True


def to_terminal(names: list[str], environment: Mapping[str, str]) -> Output:
    coloured = (
        sys.stdout.isatty()
        and not environment.get("NO_COLOR")
        and environment.get("TERM") != "dumb"
    )
    # A terminal that cannot show a customer's name must not end the run; nor may the interpreter's own last flush.
    stream = os.fdopen(
        os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding, errors="backslashreplace"
    )
    return Output(names, stream, coloured=coloured)
