"""What a caller's environment asks of the gateway (CONTRACTS §2)."""

import pytest

from jumphost.errors import Code, Refused
from jumphost.gateway.environment import MAX_WAIT_S, Wishes, read, wants_json


def test_nothing_is_wished() -> None:
    assert read({}, ()) == Wishes(purpose="", correlation="", wait_s=None, dry_run=False, as_json=False, env={})


def test_everything_is_wished() -> None:
    raw = {
        "JUMPHOST_PURPOSE": "nightly é run".encode(),
        "JUMPHOST_CORRELATION_ID": b"job-7 ~",
        "JUMPHOST_WAIT": b"90",
        "JUMPHOST_DRY_RUN": b"1",
        "JUMPHOST_OUTPUT": b"json",
        "LANG": b"C",
        "OTHER": b"x",
    }
    assert read(raw, ("LANG", "TZ")) == Wishes(
        purpose="nightly é run", correlation="job-7 ~", wait_s=90, dry_run=True, as_json=True, env={"LANG": "C"}
    )


@pytest.mark.parametrize(
    ("name", "value", "field", "read_as"),
    [
        ("WAIT", b"0", "wait_s", 0),
        ("WAIT", b"007", "wait_s", 7),
        ("WAIT", str(MAX_WAIT_S).encode(), "wait_s", MAX_WAIT_S),
        ("DRY_RUN", b"0", "dry_run", False),
        ("OUTPUT", b"text", "as_json", False),
        ("PURPOSE", b"", "purpose", ""),
        ("PURPOSE", "é".encode() * 1024, "purpose", "é" * 1024),
        ("CORRELATION_ID", b"x" * 255, "correlation", "x" * 255),
    ],
)
def test_one_wish(name: str, value: bytes, field: str, read_as: object) -> None:
    assert getattr(read({f"JUMPHOST_{name}": value}, ()), field) == read_as


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WAIT", b""),
        ("WAIT", b"-1"),
        ("WAIT", b"+1"),
        ("WAIT", b"1.5"),
        ("WAIT", b" 1"),
        ("WAIT", b"1_0"),
        ("WAIT", "\u0663".encode()),  # an Arabic three: a decimal, and none of ours
        ("WAIT", str(MAX_WAIT_S + 1).encode()),
        ("WAIT", b"0" * 9),
        ("WAIT", b"9" * 5000),
        ("DRY_RUN", b"true"),
        ("DRY_RUN", b""),
        ("DRY_RUN", b"1 "),
        ("OUTPUT", b"JSON"),
        ("OUTPUT", b""),
        ("PURPOSE", b"x" * 1025),
        ("PURPOSE", b"a\nb"),
        ("PURPOSE", b"\x1b[2J"),
        ("PURPOSE", b"\xff"),
        ("PURPOSE", b"a\0b"),
        ("CORRELATION_ID", b"x" * 256),
        ("CORRELATION_ID", "é".encode()),
        ("CORRELATION_ID", b"a\tb"),
        ("CORRELATION_ID", b"\0"),
        ("DRYRUN", b"1"),  # misspelt: it would run the command
        ("", b""),
        ("purpose", b"x"),
        ("APPROVED", b"1"),
    ],
)
def test_a_malformed_wish_is_refused_by_name(name: str, value: bytes) -> None:
    with pytest.raises(Refused, match=f"JUMPHOST_{name}") as caught:
        read({f"JUMPHOST_{name}": value}, (f"JUMPHOST_{name}",))
    assert caught.value.code is Code.REQUEST_INVALID
    assert len(caught.value.message) < 300


@pytest.mark.parametrize("value", [b"\xff", b"a\0b"])
def test_only_what_the_site_accepts_has_to_be_text(value: bytes) -> None:
    assert read({"OTHER": value}, ("LANG",)) == Wishes()
    with pytest.raises(Refused, match="LANG"):
        read({"LANG": value}, ("LANG",))


def test_our_own_names_are_never_granted() -> None:
    assert read({"JUMPHOST_WAIT": b"0"}, ("JUMPHOST_WAIT",)).env == {}


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [({}, False), ({"JUMPHOST_OUTPUT": b"json"}, True), ({"JUMPHOST_OUTPUT": b"\xff"}, False)],
)
def test_json_is_known_before_the_rest_is_read(raw: dict[str, bytes], wanted: bool) -> None:
    assert wants_json({**raw, "JUMPHOST_WAIT": b"never"}) is wanted
