"""A secret that only the gateway holds, lent to one command after the other.

It is in a file that age encrypted, for the identities in another. Nothing here makes it and nothing here ends it: what
saw it knows it until it is changed where it opens something.
"""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from jumphost.config.create import write_new
from jumphost.config.edit import replace
from jumphost.credential.base import Minted, Outlives
from jumphost.errors import Code, Unavailable
from jumphost.masking.exact import LEAST, MOST
from jumphost.model.lease import Lease
from jumphost.secret import Secret

_COMMENT: Final = "#"  # begins the lines that age-keygen writes above an identity


class StoredProvider:
    """Implements ``credential.base.Provider`` and ``Irrevocable``."""

    kind, template = "stored", ""
    outlives: Outlives = "until it is changed"

    def __init__(self, secret: Path, identity: Path) -> None:
        self._secret, self._identity = secret, identity

    def subject(self, request: str) -> str:
        """Nothing anywhere has this name; see ``credential.base``."""
        return f"stored_{request}"

    async def issue(self, lease: Lease) -> Minted:
        """Reads the secret, anew for each command."""
        return Minted(lease, {"secret": await asyncio.to_thread(_read, self._secret, self._identity)})

    async def revoke(self, lease: Lease) -> None:
        """There is nothing to end."""

    async def left(self) -> Collection[str]:
        """There is nothing to find."""
        return ()

    async def close(self) -> None:
        """Nothing is kept open."""


def put(secret: Path, identity: Path, value: Secret) -> None:
    """Encrypts a value for the identities of a file, which is made with one if it is not there; in one step.

    ValueError if it is not of LEAST to MOST bytes, OSError if it cannot be written, Unavailable
    (credential.unavailable) if the file of identities cannot be used.
    """
    import pyrage

    size = len(value.reveal().translate(None, b"\r\n"))
    if not LEAST <= size <= MOST:
        raise ValueError(f"got {size} bytes without line ends, expected {LEAST} to {MOST}: others cannot be masked")
    if not identity.exists():
        made = pyrage.x25519.Identity.generate()
        write_new(identity, f"# public key: {made.to_public()}\n{made}\n".encode())
    recipients = [one.to_public() for one in _identities(identity)]
    replace(secret, pyrage.encrypt(value.reveal(), recipients))


def _read(secret: Path, identity: Path) -> Secret:
    import pyrage

    known = _identities(identity)
    try:
        return Secret(pyrage.decrypt(secret.read_bytes(), known))
    except OSError as error:
        raise _unavailable(f"{secret} cannot be read: {error.strerror}: `jumphost credential put` writes it") from None
    except pyrage.DecryptError:
        raise _unavailable(f"{secret} is not encrypted by age for an identity in {identity}") from None


def _identities(path: Path) -> list[Any]:
    import pyrage

    try:
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith(_COMMENT)]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines]
    except OSError as error:
        raise _unavailable(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, pyrage.IdentityError):
        raise _unavailable(f"got another line in {path}, expected identities of age: AGE-SECRET-KEY-1…") from None
    if not found:
        raise _unavailable(f"got no identity in {path}, expected one of age: AGE-SECRET-KEY-1…")
    return found


def _unavailable(detail: str) -> Unavailable:
    return Unavailable(Code.CREDENTIAL_UNAVAILABLE, "the stored secret cannot be used", detail=detail)
