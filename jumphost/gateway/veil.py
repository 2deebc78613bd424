"""What is shown and written of a session's texts: raw requests lie apart, sealed, and nothing else has them whole.

Commands, purposes, judged input and errors are masked by the detectors of the site, all of them where it names none,
whatever a decision says of masks; digests are of the raw text.
"""

import asyncio
from collections.abc import Collection

import structlog

from jumphost.errors import Code, Refused, Unavailable
from jumphost.masking import custom
from jumphost.masking.plan import EVERY
from jumphost.masking.texts import Veiled, veiled, veiled_bytes

LONG = 1024  # bytes; what is longer is masked in a thread: 32 KiB full of values take up to 150 ms

log = structlog.get_logger(__name__)


class Veil:
    """Of one session. ``text`` never raises: of what cannot be masked nothing is told."""

    def __init__(self, detectors: Collection[str] = ()) -> None:
        self._detectors = tuple(detectors) or (EVERY,)
        self._own = b""
        self._known: dict[str, Veiled] = {}

    def know(self, detectors: bytes) -> None:
        """The site's own detectors, as the judgement carries them."""
        if detectors != self._own:
            self._own, self._known = detectors, {}

    async def prepare(self, text: str) -> None:
        """Has ``text`` ready; Unavailable (mask.failed) if it cannot be masked."""
        try:
            if len(text) > LONG and text not in self._known:
                self._known[text] = await asyncio.to_thread(self._veiled, text)
            else:
                self._of(text)
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing runs that could not be told of
            raise Unavailable(
                Code.MASK_FAILED, "the request cannot be shown masked", detail=type(error).__name__
            ) from None

    def text(self, text: str) -> str:
        """As it may be shown and written."""
        try:
            return self._of(text).text
        except Exception as error:  # noqa: BLE001  # whatever it is, it may not come out while an end is told of
            log.error("mask.text_failed", error=type(error).__name__)  # its text may hold data
            return ""

    def data(self, data: bytes) -> bytes:
        """Judged input as it may be recorded; call it in a thread. Raises what masking raises."""
        return veiled_bytes(data, self._detectors, custom.decode(self._own))[0]

    async def for_people(self, text: str) -> str:
        """As those see it who are to approve it; Refused (command.unparsed) if they could not tell what it does."""
        await self.prepare(text)
        found = self._known.pop(text)  # with standard input it may be long, and the hold has it from here on
        if found.obscured:
            message = "what is masked in the command may hide what it does, so nobody can approve it"
            raise Refused(Code.COMMAND_UNPARSED, message)
        return found.text

    def _of(self, text: str) -> Veiled:
        if text not in self._known:
            self._known[text] = self._veiled(text)
        return self._known[text]

    def _veiled(self, text: str) -> Veiled:
        return veiled(text, self._detectors, custom.decode(self._own))
