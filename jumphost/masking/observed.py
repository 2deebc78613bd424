"""Mode ``detect``: secrets of the session are starred as ever, everything else passes and is counted."""

from jumphost.masking.counts import Counts
from jumphost.masking.stream import StreamMasker


class Observed:
    """What ``masked`` lets go, shown to ``seen``, whose own output nobody gets; a fault of either ends the session."""

    def __init__(self, masked: StreamMasker, seen: StreamMasker) -> None:
        self._masked, self._seen = masked, seen

    @property
    def counts(self) -> Counts:
        """Of both."""
        return self._masked.counts

    @property
    def scanned(self) -> int:
        """Bytes that came."""
        return self._masked.scanned

    @property
    def idle_after(self) -> float | None:
        """See :class:`jumphost.masking.stream.StreamMasker`."""
        return self._masked.idle_after

    def feed(self, data: bytes) -> bytes:
        """See :class:`jumphost.masking.stream.StreamMasker`."""
        return self._shown(self._masked.feed(data))

    def idle(self) -> bytes:
        """See :class:`jumphost.masking.stream.StreamMasker`."""
        return self._shown(self._masked.idle())

    def close(self) -> bytes:
        """See :class:`jumphost.masking.stream.StreamMasker`."""
        left = self._shown(self._masked.close())
        self._seen.close()
        return left

    def _shown(self, data: bytes) -> bytes:
        self._seen.feed(data)
        return data
