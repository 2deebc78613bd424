"""Keeping a certificate fresh in a file: when to renew it, what to do when that fails. How it is had is handed in.

The key stays the same, so that a renewal whose answer was lost is asked for again and changes nothing, and so that no
program ever reads a key and the certificate of another one.
"""

import base64
from collections.abc import Awaitable, Callable
from pathlib import Path

from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key
from msgspec import Struct

from jumphost.clock import NS_PER_S, Clock, rfc3339
from jumphost.config.edit import replace
from jumphost.config.files import read_public
from jumphost.errors import Code, JumphostError, Refused
from jumphost.evidence import sshcert
from jumphost.signer.draft import SKEW_S

DUE = 2 / 3  # of its life, after which a certificate is renewed
JITTER = 0.1  # of its life, by which that differs: machines that started together do not ask together
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0

Ask = Callable[[], Awaitable[str]]
"""Gives a fresh certificate as one line; Refused, Unavailable."""


class Kept(Struct, frozen=True):
    """The certificate in the file; times are seconds since the epoch."""

    serial: str
    begins: int
    ends: int

    @property
    def expires(self) -> str:
        """RFC 3339."""
        return rfc3339(self.ends * NS_PER_S)

    def due_in(self, now_s: float, chance: float) -> float:
        """Seconds until it is to be renewed; ``chance`` is from 0 up to 1."""
        issued = min(self.begins + SKEW_S, self.ends)
        return issued + (self.ends - issued) * (DUE + JITTER * (2 * chance - 1)) - now_s


class Keeper:
    """One key and the certificate beside it."""

    def __init__(self, key: Path, clock: Clock, chance: Callable[[], float], renew: Ask, exchange: Ask | None) -> None:
        self._certificate = key.with_name(f"{key.name}-cert.pub")
        self._public = key.with_name(f"{key.name}.pub")
        self._clock, self._renew, self._exchange = clock, renew, exchange
        self._chance = chance()  # one for a run: asked anew each time, a certificate would fall due early
        self._failures = 0

    def kept(self) -> Kept | None:
        """What is in the file, where it is for this key and lives."""
        try:
            found = self._read(self._certificate.read_text())
        except (OSError, ValueError, Refused):
            return None
        return found if found.ends > self._now_s() else None

    def wait_s(self) -> float:
        """How long until something is to be done: the certificate is due, or the pause after failures is over."""
        if self._failures:
            return min(FIRST_PAUSE_S * 2.0 ** (self._failures - 1), LONGEST_PAUSE_S) * (0.5 + self._chance / 2)
        kept = self.kept()
        return max(0.0, kept.due_in(self._now_s(), self._chance)) if kept else 0.0

    async def turn(self) -> Kept | None:
        """Renews the certificate if it is due; what is in the file now, or None if it was not.

        Raises what the last way to a certificate said; then ``wait_s`` is the pause before the next turn.
        """
        kept = self.kept()
        if kept and kept.due_in(self._now_s(), self._chance) > 0:
            return None
        try:
            line = await self._had(kept)
        except JumphostError:
            self._failures += 1
            raise
        self._failures = 0
        found = self._read(line)
        replace(self._certificate, f"{line.strip()}\n".encode())
        return found

    async def _had(self, kept: Kept | None) -> str:
        if kept is not None:
            try:
                return await self._renew()
            except JumphostError:
                if self._exchange is None:
                    raise
        if self._exchange is None:
            message = f"got no certificate that lives in {self._certificate}, expected one to renew"
            raise Refused(Code.IDENTITY_EXPIRED, message)
        return await self._exchange()

    def _read(self, line: str) -> Kept:
        """Refused (identity.malformed) if it is none for this key."""
        words = line.split()
        try:
            certificate = sshcert.read(base64.b64decode(words[1], validate=True)).certificate
            ours = read_public(self._public).line.encode()
        except (IndexError, ValueError) as error:
            raise Refused(Code.IDENTITY_MALFORMED, f"got no certificate: {error}") from None
        if serialize_ssh_public_key(certificate.public_key()) != ours:
            raise Refused(Code.IDENTITY_MALFORMED, f"got a certificate for another key than {self._public}")
        return Kept(str(certificate.serial), certificate.valid_after, certificate.valid_before)

    def _now_s(self) -> float:
        return self._clock.now_ns() / NS_PER_S
