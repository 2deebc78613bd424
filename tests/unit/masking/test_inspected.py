"""A masker that stops, steps aside or only tells where there is nothing to be read."""

import gzip
from collections.abc import Collection

import pytest

from jumphost.masking.inspected import Inspected, OpaqueError
from jumphost.masking.plan import Masker, open_masker

CARD = b"4111 1111 1111 1111"
ZIPPED = gzip.compress(CARD)


def made(let: Collection[str] = (), *, counting: bool = False) -> Inspected:
    def unread() -> Masker:
        return open_masker({"secrets": [b"a secret of it"]})

    return Inspected(open_masker({"detectors": {"*": "redact"}}), unread, let=let, counting=counting)


def test_text_is_masked_as_ever() -> None:
    one = made()
    assert one.feed(b"n " + CARD[:9]) == b"n "
    assert one.idle_after is not None
    assert one.feed(CARD[9:] + b".") + one.idle() + one.close() == b"**** **** **** ****."
    assert (one.scanned, one.kind, one.unseen, one.counts.rows()[0].count) == (22, None, 0, 1)


def test_nothing_goes_of_what_cannot_be_read() -> None:
    one = made(["zip", "binary"])
    assert one.feed(b"first 4111") == b"first "
    with pytest.raises(OpaqueError) as caught:
        one.feed(b"\n" + ZIPPED)
    assert (caught.value.kind, one.kind, one.scanned, one.unseen) == ("gzip", "gzip", 10, 0)


def test_what_is_known_late() -> None:
    one = made()
    one.feed(b"\x1f")
    with pytest.raises(OpaqueError):
        one.feed(b"\x8b")
    last = made()
    last.feed(b"\x01\x02\x03\x04")  # another byte may still make something else of them
    with pytest.raises(OpaqueError):
        last.close()


def test_what_is_let_goes_as_it_is_but_for_secrets() -> None:
    one = made(["gzip"])
    out = one.feed(b"first " + CARD[:6]) + one.feed(ZIPPED) + one.feed(CARD) + one.feed(b"a secret of it") + one.close()
    assert out == b"first 4111 1" + ZIPPED + CARD + b"* ****** ** **"
    assert (one.kind, one.scanned, one.unseen) == ("gzip", 12, len(ZIPPED) + len(CARD) + 14)


def test_counting_lets_everything_and_goes_on() -> None:
    one = made(counting=True)
    out = one.feed(ZIPPED) + one.feed(b"\n" + CARD) + one.close()
    assert out == ZIPPED + b"\n**** **** **** ****"
    assert (one.kind, one.unseen, one.scanned) == ("gzip", len(out), 0)
