"""Which maskers a command gets, and what is told of what they found."""

import base64
import gzip
from pathlib import Path

import pytest

from jumphost.errors import Code, Refused
from jumphost.gateway import masked, maskers
from jumphost.gateway.maskers import STDIN, counted, mask_key
from jumphost.masking import counts
from jumphost.masking.blind import digests
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.plan import Masker, PlanError, open_masker
from jumphost.model.mask import Mask
from jumphost.secret import Secret
from jumphost.target.base import STDERR, STDOUT

CARD, STARS = b"id 4111 1111 1111 1111 end\n", b"id **** **** **** **** end\n"
SECRET = b"correct horse battery"
ALL = Mask({"*": "redact"})
COUNTING = Mask({"*": "redact"}, mode="detect")
ZIPPED_LET = Mask({"*": "redact"}, opaque=("gzip",))
KEY = b"k" * 32


def opened(mask: Mask | None, *secrets: bytes, heard: list[tuple[str, str]] | None = None) -> dict[int, Masker]:
    told = [] if heard is None else heard
    return maskers.opened(
        open_masker,
        mask,
        tuple(map(Secret, secrets)),
        key=KEY,
        streams=(STDIN, STDOUT, STDERR),
        echoed=lambda *what: told.append(what),
    )


def test_nothing_is_owed() -> None:
    assert opened(None) == {}


def test_each_stream_has_its_own() -> None:
    made = opened(ALL)
    assert [masked.whole(made[stream], CARD) for stream in (STDIN, STDOUT, STDERR)] == [STARS] * 3


@pytest.mark.parametrize("mask", [None, Mask(), ALL, Mask({"email": "redact"}, mode="detect")])
def test_secrets_are_starred_whatever_is_owed_and_heard_of(mask: Mask | None) -> None:
    heard: list[tuple[str, str]] = []
    made = opened(mask, SECRET, b"another of them", heard=heard)
    assert masked.whole(made[STDERR], b"a " + SECRET + b" b") == b"a ******* ***** ******* b"
    assert masked.whole(made[STDOUT], b"x " + b"another of them".hex().encode()) == b"x " + b"*" * 30
    assert [(stream, what.partition("/")[0]) for stream, what in heard] == [("stderr", "0"), ("stdout", "1")]
    heard.clear()
    assert SECRET not in masked.whole(made[STDIN], SECRET)
    assert heard == []  # what the caller sends is no echo


def test_a_secret_that_cannot_be_masked_is_a_fault() -> None:
    with pytest.raises(PlanError):
        opened(None, b"short")


@pytest.mark.parametrize(
    "mask", [ALL, Mask({}, {"ssn": "label"}), Mask({"email": "label"}, opaque=("zip", "transform"))]
)
def test_what_nobody_can_look_into_does_not_pass(mask: Mask) -> None:
    made = opened(mask)
    with pytest.raises(Refused) as caught:
        masked.whole(made[STDOUT], gzip.compress(CARD))
    assert caught.value.code is Code.MASK_OPAQUE
    assert "what came is gzip, which" in caught.value.message
    assert counted(mask, made)["streams"]["stdout"]["opaque"] == {"kind": "gzip", "bytes": 0}


@pytest.mark.parametrize("mask", [None, Mask(), COUNTING, ZIPPED_LET])
def test_unless_it_is_let_or_nothing_is_masked(mask: Mask | None) -> None:
    data = gzip.compress(CARD)
    assert masked.whole(opened(mask, SECRET)[STDOUT], data) == data
    assert masked.whole(opened(ALL)[STDIN], data) == data  # of the recording, of what was judged


def test_a_secret_in_what_is_let_is_starred_all_the_same() -> None:
    heard: list[tuple[str, str]] = []
    made = opened(ZIPPED_LET, SECRET, heard=heard)[STDOUT]
    assert masked.whole(made, gzip.compress(CARD) + SECRET + CARD).endswith(b"******* ***** *******" + CARD)
    assert heard == [("stdout", "0/raw")]


def test_counts_say_what_looked_and_what_it_found() -> None:
    made = opened(Mask({"*": "redact", "email": "label"}))
    masked.whole(made[STDOUT], CARD + CARD)
    told = counted(Mask({"*": "redact", "email": "label"}), made)
    assert (told["mode"], told["detectors"]) == ("enforce", sorted(DETECTORS))
    assert told["engine"] in ("hyperscan", "re2")
    out, err = told["streams"]["stdout"], told["streams"]["stderr"]
    assert (out["scanned"], err) == (2 * len(CARD), {"scanned": 0, "counts": ()})
    [row] = out["counts"]
    assert (row.detector, row.action, row.count, row.bytes, row.distinct) == ("credit_card", "masked", 2, 38, 1)


def test_counts_name_only_what_looked() -> None:
    told = counted(Mask({"iban": "label", "email": "redact"}, {"card_*": "redact"}, "detect"), {})
    assert (told["detectors"], told["mode"]) == (["email", "iban", "column:card_*"], "detect")
    assert counted(Mask(), {})["detectors"] == []


@pytest.mark.parametrize("mask", [COUNTING, ZIPPED_LET])
def test_counts_say_what_could_not_be_read(mask: Mask) -> None:
    made, data = opened(mask), gzip.compress(CARD)
    made[STDOUT].feed(b"first\n")
    masked.whole(made[STDOUT], data)
    told = counted(mask, made)["streams"]["stdout"]
    assert (told["opaque"], told["scanned"]) == ({"kind": "gzip", "bytes": len(data)}, len(b"first\n"))


def test_the_index_has_digests_of_values_and_of_no_secret() -> None:
    made = opened(ALL, SECRET)
    masked.whole(made[STDOUT], CARD + SECRET)
    assert "index" not in counted(ALL, made)["streams"]["stdout"]
    [digest] = counted(ALL, made, index=True)["streams"]["stdout"]["index"]
    assert bytes.fromhex(digest) in digests(KEY, b"4111-1111-1111-1111", [b" -"])


def test_the_index_says_where_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    for most, full in ((1, True), (2, False)):
        for module in (counts, maskers):
            monkeypatch.setattr(module, "MOST_DISTINCT", most)
        made = opened(ALL)
        masked.whole(made[STDOUT], CARD)
        assert counted(ALL, made, index=True)["streams"]["stdout"]["full"] is full


def test_the_key_is_made_of_that_of_the_requests(tmp_path: Path) -> None:
    made = []
    for given in (b"a" * 32, b"b" * 32):
        (tmp_path / "key").write_bytes(base64.b64encode(given))
        made += [mask_key(tmp_path / "key"), given]
    assert len({*made}) == 4
    assert {len(one) for one in made} == {32}
