"""The request documents as they were judged, raw command included: ``state/requests.db``, apart from the journal.

They may hold what must not be in the trail, so each is sealed with AES-256-GCM under ``keys/requests_key``, and they
have a retention of their own. Ids are UUIDv7 and sort by time.
"""

import base64
import binascii
import os
import sqlite3
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jumphost.errors import Code, Refused, Unavailable
from jumphost.store import migrations
from jumphost.store.database import Database
from jumphost.store.writer import unavailable

KEY_BYTES = 32
_NONCE_BYTES = 12  # NIST SP 800-38D §8.2.2: random, for at most 2^32 documents a key (§8.3)


class Requests:
    """Sealed documents by id."""

    def __init__(self, database: Database, cipher: AESGCM) -> None:
        self._database, self._cipher = database, cipher

    @classmethod
    def open(cls, path: Path, *, key_file: Path) -> "Requests":
        """The requests in ``path``, made if there is none; the key is 32 bytes in base64.

        Unavailable (journal.unavailable) if the key cannot be read or is none, else as ``Database.open``.
        """
        cipher = AESGCM(read_key(key_file))
        return cls(Database.open(path, migrations.requests), cipher)

    async def put(self, identifier: str, document: bytes) -> None:
        """Keeps a document; on disk when this returns. sqlite3.IntegrityError if the id is taken; Unavailable."""
        nonce = os.urandom(_NONCE_BYTES)
        row = (identifier, nonce, self._cipher.encrypt(nonce, document, identifier.encode()))

        def insert(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO request (id, nonce, sealed) VALUES (?, ?, ?)", row)

        await self._database.write(insert)

    async def get(self, identifier: str) -> bytes | None:
        """The document, or None if there is none.

        Refused (request.invalid) if it does not open: another key, or it was changed. Unavailable.
        """

        def find(connection: sqlite3.Connection) -> tuple[bytes, bytes] | None:
            row = connection.execute("SELECT nonce, sealed FROM request WHERE id = ?", (identifier,)).fetchone()
            return None if row is None else (row["nonce"], row["sealed"])

        found = await self._database.read(find)
        if found is None:
            return None
        try:
            return self._cipher.decrypt(*found, identifier.encode())
        except InvalidTag as error:
            raise Refused(
                Code.REQUEST_INVALID, f"the document of {identifier} does not open: another key, or it was changed"
            ) from error

    async def close(self) -> None:
        """Commits what was put and lets go of the file; idempotent."""
        await self._database.close()


def read_key(key_file: Path) -> bytes:
    """The key; Unavailable (journal.unavailable) if it cannot be read or is none."""
    try:
        key = base64.b64decode(key_file.read_bytes().strip(), validate=True)
    except (OSError, binascii.Error) as error:
        raise unavailable(error) from error
    if len(key) != KEY_BYTES:
        raise Unavailable(
            Code.JOURNAL_UNAVAILABLE, f"{key_file.name}: got {len(key)} bytes, expected {KEY_BYTES} in base64"
        )
    return key
