"""The blind index: digests by which a value is known again, and from which nobody without the key learns it.

A value counts without what stands between its groups and in any case of letters: 4111-1111… is 4111 1111….
"""

import hmac
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

SIZE: Final = 12  # bytes of a digest: two of 10^9 values are taken for one with a chance of 10^-11

_PURPOSE: Final = b"jumphost blind index\x01"  # RFC 5869 §2.3: one block
_LOWER: Final = bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in range(256))


def index_key(key: bytes) -> bytes:
    """The key of digests, from that of pseudonyms: neither tells the other."""
    return hmac.digest(key, _PURPOSE, "sha256")


class Digest:
    """Of one value, fed as it passes: keyed BLAKE2b (RFC 7693), which takes a fifth of the time of an HMAC."""

    __slots__ = ("_running",)

    def __init__(self, of_index: bytes) -> None:
        self._running = blake2b(key=of_index, digest_size=SIZE)

    def update(self, part: bytes, separators: bytes) -> None:
        """The next bytes of the value."""
        self._running.update(part.translate(_LOWER, separators))

    def end(self) -> bytes:
        """What is kept of it."""
        return self._running.digest()


def digests(key: bytes, value: bytes, separators: Iterable[bytes]) -> frozenset[bytes]:
    """What a value that somebody asks about may have come to, under each of these sets of separators."""
    found, of_index = set(), index_key(key)
    for between in {*separators, b""}:
        digest = Digest(of_index)
        digest.update(value.strip(), between)
        found.add(digest.end())
    return frozenset(found)
