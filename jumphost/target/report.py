"""What a short script of ours says on a target."""

from collections.abc import Mapping

from jumphost.target.base import STDOUT


class Report:
    """An Output that keeps the first ``limit`` bytes of standard output."""

    def __init__(self, limit: int) -> None:
        self._limit, self._kept = limit, b""

    @property
    def text(self) -> str:
        """What was kept."""
        return self._kept.decode(errors="replace")

    def data(self, chunk: bytes, stream: int) -> None:
        """Keeps what still fits."""
        if stream == STDOUT:
            self._kept += chunk[: self._limit - len(self._kept)]

    def eof(self) -> None:
        """What was kept is all."""

    def pause_input(self) -> None:
        """A script has no input."""

    def resume_input(self) -> None:
        """A script has no input."""


def facts(text: str) -> Mapping[str, str]:
    """The ``KEY=VALUE`` lines of a report."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
