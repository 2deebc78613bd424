"""Runs the command line within this process, as its own entry point does."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
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


def run(*words: object) -> Ran:
    """``jumphost WORDS…``; anything but an expected error comes through."""
    out, err = StringIO(), StringIO()
    with _arguments(["jumphost", *map(str, words)]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
            status = 0
        except SystemExit as end:
            status = int(end.code or 0)
    return Ran(status, out.getvalue(), err.getvalue())


@contextmanager
def _arguments(words: list[str]) -> Iterator[None]:
    before, sys.argv = sys.argv, words
    try:
        yield
    finally:
        sys.argv = before
