"""Any bytes whatever at the start of a connection: read, or refused in the documented way; and what is sent on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumphost.credential.delivery import pgwire
from jumphost.credential.delivery.pgwire import Cancel, Encryption, Start
from jumphost.credential.delivery.scram import ScramLogin
from jumphost.secret import Secret

NAMES = st.sampled_from(
    [
        b"user",
        b"database",
        b"options",
        b"replication",
        b"role",
        b"application_name",
        b"TIMEZONE",
        b"_pq_.x",
        b"datestyle",
    ]
)
WORDS = st.binary(max_size=12).map(lambda text: text.replace(b"\0", b""))
PAIRS = st.lists(st.tuples(st.one_of(NAMES, WORDS), WORDS), max_size=8).map(
    lambda pairs: b"".join(name + b"\0" + value + b"\0" for name, value in pairs)
)
CODES = st.sampled_from([0x30000, 0x30002, 80877102, 80877103, 80877104, 0x20000]).map(
    lambda code: code.to_bytes(4, "big")
)
PACKETS = st.one_of(
    st.binary(max_size=200),
    st.builds(lambda code, rest: code + rest, CODES, st.binary(max_size=40)),
    st.builds(lambda code, pairs, end: code + pairs + end, CODES, PAIRS, st.sampled_from([b"\0", b"", b"\0\0"])),
)
SENT = {b"user", b"database", b"application_name", b"client_encoding", b"DateStyle", b"TimeZone"}
SENT |= {b"IntervalStyle", b"extra_float_digits"}


def documented(error: ValueError) -> None:
    assert str(error).startswith("got ")


@given(PACKETS)
def test_a_packet_is_read_or_refused(body: bytes) -> None:
    try:
        found = pgwire.opening(body)
    except ValueError as error:
        documented(error)
        return
    assert isinstance(found, Encryption | Cancel | Start)


@given(PAIRS)
def test_what_goes_on_is_the_lease_s(pairs: bytes) -> None:
    try:
        asked = pgwire.opening(b"\0\3\0\0user\0me\0" + pairs + b"\0")
        assert isinstance(asked, Start)
        packet = pgwire.session(asked, user="lease", database="bank")
    except ValueError as error:
        documented(error)
        return
    sent = pgwire.opening(packet[4:])
    assert isinstance(sent, Start)
    assert (sent.parameters[b"user"], sent.parameters[b"database"], sent.minor) == (b"lease", b"bank", 0)
    assert set(sent.parameters) <= SENT
    assert all(
        sent.parameters[name] in asked.parameters.values() for name in set(sent.parameters) - {b"user", b"database"}
    )


@given(st.binary(max_size=8))
def test_heads_are_sized_or_refused(head: bytes) -> None:
    for size, least, most in ((pgwire.start_size, 4, 9_996), (pgwire.message_size, 0, 65_532)):
        try:
            assert least <= size(head) <= most
        except ValueError as error:
            documented(error)


@given(st.lists(st.tuples(st.sampled_from([0, 3, 5, 10, 11, 12]), st.binary(max_size=60)), max_size=4))
def test_a_server_is_answered_or_refused_and_never_told_the_password(questions: list[tuple[int, bytes]]) -> None:
    login = ScramLogin("lease", Secret(b"pass-word-pass"), None)
    try:
        for kind, data in [(10, b"SCRAM-SHA-256\0\0"), *questions]:
            answer = login.step(kind.to_bytes(4, "big") + data)
            assert answer is not None
            assert b"pass-word-pass" not in answer
    except ValueError as error:
        documented(error)


def test_the_shortest_bodies() -> None:
    for body in (b"", b"\0", b"\0\3\0\0", b"\0\3\0\0\0"):
        with pytest.raises(ValueError, match="got "):
            pgwire.opening(body)
