"""A masker that also sees whether there is anything to be read in what it masks."""

from collections.abc import Callable, Collection

from jumphost.masking.counts import Counts
from jumphost.masking.opaque import Opaque
from jumphost.masking.plan import Masker
from jumphost.model.mask import Format


class OpaqueError(Exception):
    """The stream is of a kind that may not go out, since nobody can look into it; nothing of what came goes."""

    def __init__(self, kind: Format) -> None:
        super().__init__(kind)
        self.kind = kind


class Inspected:
    """A :class:`jumphost.masking.plan.Masker`: ``masker``, until the stream turns out to be opaque.

    From then on it is an OpaqueError; or where its kind is ``let``, ``unread`` masks it, since masks of values would
    spoil it.
    ``counting`` changes nothing of what goes out: all kinds are let, and ``masker`` goes on.
    """

    def __init__(
        self, masker: Masker, unread: Callable[[], Masker], *, let: Collection[str] = (), counting: bool = False
    ) -> None:
        self._masker, self._unread, self._let, self._counting = masker, unread, let, counting
        self._opaque = Opaque()
        self._read = masker  # whose counts these are
        self.kind: Format | None = None
        self.unseen = 0  # bytes that came once it was known to be opaque

    @property
    def counts(self) -> Counts:
        """Of what could be read."""
        return self._read.counts

    @property
    def scanned(self) -> int:
        """Bytes that could be read."""
        return self._read.scanned - (self.unseen if self._counting else 0)

    @property
    def idle_after(self) -> float | None:
        """See :class:`jumphost.masking.stream.StreamMasker`."""
        return self._masker.idle_after

    def feed(self, data: bytes) -> bytes:
        """See :class:`jumphost.masking.stream.StreamMasker`; OpaqueError."""
        return self._looked(data, final=False) + self._masker.feed(data)

    def idle(self) -> bytes:
        """See :class:`jumphost.masking.stream.StreamMasker`."""
        return self._masker.idle()

    def close(self) -> bytes:
        """See :class:`jumphost.masking.stream.StreamMasker`; OpaqueError."""
        return self._looked(b"", final=True) + self._masker.close()

    def _looked(self, data: bytes, *, final: bool) -> bytes:
        """What was held and goes now, where the stream is opaque from here on."""
        ended = b""
        if self.kind is None and (kind := self._opaque.look(data, final=final)):
            if not (self._counting or kind in self._let):
                self.kind = kind
                raise OpaqueError(kind)
            self.kind = kind
            if not self._counting:
                ended, self._masker = self._masker.close(), self._unread()
        if self.kind is not None:
            self.unseen += len(data)
        return ended
