"""Our own commands, for measuring policies and profiles: those that reading must never allow, and those of every day.

They are written by hand for this project; nothing is tuned to them, and they to nothing.
"""

from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from jumphost.config.load import load_plain

FOLDER: Final = Path(__file__).parents[2] / "tests" / "corpora"


class Dangerous(Struct, frozen=True, forbid_unknown_fields=True):
    """A command that a policy for reading must never allow, and the technique that it uses."""

    technique: str
    run: str  # its NULs stand as U+2400: no YAML file of ours may hold them

    @property
    def raw(self) -> bytes:
        """The bytes as they are sent."""
        return self.run.replace("\u2400", "\0").encode()


class Ordinary(Struct, frozen=True, forbid_unknown_fields=True):
    """A command that a batch job sends; the head of ``ordinary.yaml`` says what each field means."""

    run: str
    does: Literal["read", "write"]
    programs: tuple[str, ...]
    shape: Literal["literal", "structured"]
    opaque: bool = False  # it runs code that is not in its text

    @property
    def raw(self) -> bytes:
        """The bytes as they are sent."""
        return self.run.encode()


@cache
def dangerous() -> tuple[Dangerous, ...]:
    """All of ``dangerous.yaml``; ValidationError where an entry is not well formed."""
    return msgspec.convert(load_plain(FOLDER / "dangerous.yaml"), tuple[Dangerous, ...])


@cache
def ordinary() -> tuple[Ordinary, ...]:
    """All of ``ordinary.yaml``; ValidationError where an entry is not well formed."""
    return msgspec.convert(load_plain(FOLDER / "ordinary.yaml"), tuple[Ordinary, ...])
