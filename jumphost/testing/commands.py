"""Runs the command line within this process, as its own entry point does."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from typing import Any

from jumphost.cli.main import main


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its status and what it printed."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


class _Kept(TextIOWrapper):
    """A stream that takes text and, below it, bytes, as the real ones do."""

    def __init__(self) -> None:
        self._bytes = BytesIO()
        super().__init__(self._bytes, encoding="utf-8", write_through=True)

    def text(self) -> str:
        return self._bytes.getvalue().decode()


def run(*words: object) -> Ran:
    """``jumphost WORDS…``; anything but an expected error comes through."""
    out, err = _Kept(), _Kept()
    with _arguments(["jumphost", *map(str, words)]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
    return Ran(status, out.text(), err.text())


@contextmanager
def _arguments(words: list[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, words
    try:
        yield
    finally:
        sys.argv = before
