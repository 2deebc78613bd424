"""Inputs that ended a worker, so that none of them does it again and again while others wait."""

import hashlib
from collections import OrderedDict

from msgspec.structs import replace

from jumphost.policy.protocol import Call, encode

TWICE = 2  # workers that one input may end
KEPT = 1024  # inputs that are remembered; the longest unseen goes first


class Quarantine:
    """Counts, for each input, the workers that it ended under one bundle.

    An input is what is asked, and by whom, without ids, times and port: else who sends it again would not be known.
    """

    def __init__(self) -> None:
        self._ended: OrderedDict[bytes, int] = OrderedDict()

    def holds(self, key: bytes) -> bool:
        """Whether it ended workers often enough to be denied unseen."""
        return self._ended.get(key, 0) >= TWICE

    def ended(self, key: bytes) -> None:
        """A worker had to be killed, or died, with this input."""
        self._ended[key] = self._ended.pop(key, 0) + 1
        if len(self._ended) > KEPT:
            self._ended.popitem(last=False)


def key_of(call: Call) -> bytes:
    """What tells this input from others: SHA-256."""
    if call.submission is None:
        return hashlib.sha256(call.document).digest()
    asked = call.submission
    certificate = replace(asked.identity.certificate, serial="", valid_after="", valid_before="")
    same = replace(
        asked,
        id="",
        connection="",
        correlation="",
        now_ns=0,
        source=replace(asked.source, port=0),
        identity=replace(asked.identity, certificate=certificate),
    )
    return hashlib.sha256(encode(same)).digest()
