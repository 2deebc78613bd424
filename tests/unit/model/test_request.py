"""The request document: its bytes, its digests, and what of it they name."""

import hashlib
import json

import msgspec
import pytest
from msgspec.structs import replace

from jumphost.model.identity import Certificate, Identity
from jumphost.model.request import (
    SCHEMA,
    ApprovalView,
    Command,
    FileOperation,
    Forward,
    Now,
    Request,
    Source,
    Stdin,
    TargetView,
    decode,
    encode,
    input_digest,
    plain_address,
    request_digest,
    subject_text,
)

REQUEST = Request(
    schema=SCHEMA,
    id="019aa0c0-0000-7000-8000-000000000001",
    connection="c",
    correlation="",
    purpose="",
    now=Now(1_795_312_800_000_000_000, "2026-11-22T02:00:00.000Z", "Sunday", 2, 0),
    identity=Identity(name="order-service", owner="payments-team", issuer="main"),
    source=Source("192.0.2.7", 40_022),
    target=TargetView("payments-db", "ssh", "app"),
    operation="exec",
    command=Command(raw="psql", tier="literal", canonical="'psql'"),
    file=FileOperation(),
    forward=Forward(),
    stdin=Stdin(),
    env={"LANG": "C"},
    pty=False,
    approvals=(),
)


def test_encoding_is_compact_total_and_the_same_for_the_same_request() -> None:
    document = encode(REQUEST)
    read = json.loads(document)
    assert document == json.dumps(read, separators=(",", ":")).encode()
    assert list(read) == list(Request.__struct_fields__)
    assert read["stdin"]["as"] == ""  # the one name that Python reserves
    assert b"null" not in document
    there, back = replace(REQUEST, env={"A": "1", "B": "2"}), replace(REQUEST, env={"B": "2", "A": "1"})
    assert encode(there) == encode(back)


def test_decoding_is_its_strict_inverse() -> None:
    assert decode(encode(REQUEST)) == REQUEST
    document = json.loads(encode(REQUEST))
    for wrong in ({**document, "extra": 1}, {**document, "pty": "no"}, {**document, "command": {"tier": "maybe"}}):
        with pytest.raises(msgspec.ValidationError):
            decode(json.dumps(wrong).encode())
    with pytest.raises(msgspec.DecodeError):
        decode(encode(REQUEST)[:-1])


def test_the_input_digest_is_of_the_bytes() -> None:
    assert input_digest(b"{}") == hashlib.sha256(b"{}").hexdigest()


def test_the_request_digest_is_this_one() -> None:
    """CONTRACTS §4: SHA-256 of RFC 8785 JSON, written out here by hand."""
    text = (
        r"""{"command":"'psql'","env":{"LANG":"C"},"identity":{"issuer":"main","name":"order-service"},"""
        r""""login":"app","operation":"exec","stdin":null,"target":"payments-db","v":1}"""
    )
    assert request_digest(REQUEST) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({}, "'psql'"),
        ({"command": Command(raw="a $(b)", tier="structured", canonical="x")}, "a $(b)"),
        ({"command": Command(raw="a (", tier="unparsed")}, "a ("),
        (
            {"command": Command(), "file": FileOperation(path="/a", flags=("w",))},
            '{"file":{"flags":["w"],"path":"/a","real_path":"","to_path":""},"forward":{"host":"","port":0}}',
        ),
        (
            {"command": Command(), "forward": Forward("db", 5432)},
            '{"file":{"flags":[],"path":"","real_path":"","to_path":""},"forward":{"host":"db","port":5432}}',
        ),
    ],
)
def test_what_would_be_done_as_text(change: dict[str, object], text: str) -> None:
    assert subject_text(replace(REQUEST, **change)) == text


@pytest.mark.parametrize(
    "change",
    [
        {"identity": replace(REQUEST.identity, name="backup-job")},
        {"identity": replace(REQUEST.identity, issuer="other")},
        {"target": replace(REQUEST.target, name="batch-host")},
        {"target": replace(REQUEST.target, login="postgres")},
        {"operation": "shell"},
        {"command": replace(REQUEST.command, canonical="'psql' ")},
        {"stdin": Stdin(sha256="00")},
        {"env": {}},
        {"env": {"LANG": "C "}},
    ],
)
def test_what_is_asked_by_whom_and_where_is_in_the_request_digest(change: dict[str, object]) -> None:
    assert request_digest(replace(REQUEST, **change)) != request_digest(REQUEST)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "another", "connection": "another", "correlation": "x", "purpose": "y"},
        {"now": Now(0, "1970-01-01T00:00:00.000Z", "Thursday", 0, 0)},
        {"source": Source("192.0.2.8", 1, "SSH-2.0-x")},
        {"identity": replace(REQUEST.identity, certificate=Certificate(serial="9", valid_before="x"))},
        {"identity": replace(REQUEST.identity, groups=("dba",), claims={"a": "b"})},
        {"target": replace(REQUEST.target, labels={"env": "prod"})},
        {"command": replace(REQUEST.command, raw="psql  ", bytes=6)},
        {"approvals": (ApprovalView("alice", ("dba",), "t"),)},
    ],
)
def test_how_and_when_it_comes_is_not(change: dict[str, object]) -> None:
    changed = replace(REQUEST, **change)
    assert request_digest(changed) == request_digest(REQUEST)
    assert input_digest(encode(changed)) != input_digest(encode(REQUEST))


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:DB8::0:1", "2001:db8::1"),
    ],
)
def test_an_address_has_one_form(text: str, plain: str) -> None:
    assert str(plain_address(text)) == plain


def test_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        plain_address("db.example")
