"""What is masked in the output of a command, in the words of policies and of ``jumphost.yaml``."""

from typing import Final, Literal

from msgspec import Struct

Strategy = Literal["redact", "label", "pseudonym", "partial"]
Mode = Literal["enforce", "detect"]
Format = Literal["gzip", "zstd", "xz", "bzip2", "lz4", "zip", "7z", "encrypted", "binary"]
"""What output may be that nobody can look into."""

Opaque = Literal[Format, "transform"]
TRANSFORM: Final = "transform"  # a command that changes the form of what it reads (data.jumphost.command.transforms)


class Mask(Struct, frozen=True, forbid_unknown_fields=True):
    """Which values may not leave. ``opaque`` names what may, though nobody can tell which values are in it."""

    detectors: dict[str, Strategy] = {}
    columns: dict[str, Strategy] = {}
    mode: Mode = "enforce"
    opaque: tuple[Opaque, ...] = ()

    @property
    def asked(self) -> bool:
        """Whether it masks anything at all."""
        return bool(self.detectors or self.columns)
