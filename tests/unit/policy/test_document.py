import hashlib
import json
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Refused
from jumphost.model.identity import Certificate, Identity
from jumphost.model.request import ApprovalView, Request, Source, TargetView
from jumphost.policy import document
from jumphost.policy.base import Submission
from jumphost.testing.policies import NOON, submission


def refusal(made: Submission) -> str:
    with pytest.raises(Refused) as caught:
        document.build(made)
    assert caught.value.code is Code.REQUEST_INVALID
    return caught.value.message.removeprefix("the request cannot be judged: ")


def test_every_key_is_there_whatever_is_known() -> None:
    body = json.loads(document.build(submission(b"uptime")).body)
    assert body["schema"] == 1
    assert body["now"] == {
        "ns": NOON,
        "rfc3339": "2026-11-22T12:00:00.000Z",
        "weekday": "Sunday",
        "hour": 12,
        "minute": 0,
    }
    assert body["command"]["canonical"] == "'uptime'"
    assert body["command"]["tier"] == "literal"
    assert body["stdin"].keys() == {"mode", "as", "bytes", "sha256", "command"}
    assert body["file"] == {"path": "", "real_path": "", "to_path": "", "flags": []}
    assert body["forward"] == {"host": "", "port": 0}
    assert body["approvals"] == []
    assert body["identity"]["certificate"]["source_address"] == []


def test_the_digests_are_those_of_the_document() -> None:
    made = document.build(submission())
    assert made.input_digest == hashlib.sha256(made.body).hexdigest()
    later = document.build(submission(now_ns=NOON + 1, id="019aa0c0-0000-7000-8000-00000000000f"))
    assert later.request_digest == made.request_digest
    assert later.input_digest != made.input_digest


@pytest.mark.parametrize(
    "change",
    [
        {"raw": b"uptime "[:-1] + b" -p"},
        {"target": TargetView(name="batch-host", kind="ssh", login="app")},
        {"target": TargetView(name="payments-db", kind="ssh", login="postgres")},
        {"identity": Identity(name="other", owner="payments-team", issuer="main")},
        {"identity": Identity(name="order-service", owner="payments-team", issuer="other")},
        {"env": {"LANG": "C"}},
        {"stdin": b"", "stdin_mode": "judge"},
        {"stdin": b"x", "stdin_mode": "judge"},
        {"operation": "line"},
    ],
)
def test_another_request_has_another_request_digest(change: dict[str, object]) -> None:
    assert document.build(submission(**change)).request_digest != document.build(submission()).request_digest  # type: ignore[arg-type]


def test_another_standard_input_is_another_request() -> None:
    digests = {
        document.build(submission(stdin=data, stdin_mode="judge")).request_digest
        for data in (b"", b"a", b"b", b"a\n", b"\xff", b"a" * 1_000_000)
    }
    assert len(digests) == 6


def test_standard_input_has_its_facts() -> None:
    body = json.loads(document.build(submission(b"bash -s", stdin=b"df -h\n", stdin_mode="judge")).body)
    digest = hashlib.sha256(b"df -h\n").hexdigest()
    assert {key: body["stdin"][key] for key in ("mode", "as", "bytes", "sha256")} == {
        "mode": "judge",
        "as": "code",
        "bytes": 6,
        "sha256": digest,
    }
    assert [one["program"] for one in body["stdin"]["command"]["commands"]] == ["df"]
    assert body["command"]["canonical"] == "'bash' -s"
    unread = json.loads(document.build(submission(b"bash -s")).body)
    assert (unread["stdin"]["mode"], unread["stdin"]["sha256"]) == ("closed", "")


@pytest.mark.parametrize("data", [None, b"df", b"df $(x)"])
def test_what_the_caller_sends_is_no_reason(data: bytes | None) -> None:
    assert document.build(submission(b"bash -s", stdin=data)).request.command.opaque == ()
    assert document.build(submission(b"psql -X", stdin=data)).request.command.opaque == ()
    assert document.build(submission(b"cat x | bash -s", stdin=data)).request.command.opaque == ("shell_stdin",)


def test_a_megabyte_of_any_bytes_fits() -> None:
    for text in (b"cat", b"bash", b"psql", b"python3"):
        for data in (b"\xff" * (1 << 20), b'"' * (1 << 20), b'"' * 32_768):
            made = document.build(submission(text, stdin=data, stdin_mode="judge"))
            assert made.request.stdin.bytes == len(data)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("::FFFF:c000:207", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:0DB8:0:0::1", "2001:db8::1"),
    ],
)
def test_an_address_has_one_form(address: str, expected: str) -> None:
    made = document.build(submission(source=Source(address=address, port=1)))
    assert made.request.source.address == expected


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.0.0.7", "10.0.0.7/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("2001:DB8::/32", "2001:db8::/32"),
    ],
)
def test_so_has_a_network_of_the_certificate(network: str, expected: str) -> None:
    identity = Identity(name="a", owner="b", issuer="main", certificate=Certificate(source_address=(network,)))
    made = document.build(submission(identity=identity))
    assert made.request.identity.certificate.source_address == (expected,)


PLAIN = submission()
APPROVAL = ApprovalView(approver="alice", groups=("dba",), at="2026-11-22T12:00:00Z")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"raw": b"\xff"}, "command: got byte 0xff, expected UTF-8"),
        ({"raw": b"a\0"}, "command: got a NUL character, expected none"),
        ({"source": Source(address="somewhere", port=1)}, "source.address: got 'somewhere', expected an IP address"),
        ({"source": Source(address="192.0.2.1", port=2**53 + 1)}, "input.source.port: got 9007199254740993, expected"),
        ({"now_ns": 2**80}, "now.ns: got 1208925819614629174706176, expected nanoseconds since 1970"),
        ({"operation": "exec;"}, "operation: got 'exec;', expected"),
        ({"identity": replace(PLAIN.identity, name="zoë")}, "identity.name: got 'zo\\xeb', expected"),
        ({"identity": replace(PLAIN.identity, groups=("a b",))}, "identity.groups: got 'a b', expected"),
        ({"identity": replace(PLAIN.identity, issuer="")}, "identity.issuer: got '', expected"),
        (
            {"identity": replace(PLAIN.identity, claims={"a": "\ud800"})},
            "input.identity.claims.a: got a lone surrogate",
        ),
        (
            {"identity": replace(PLAIN.identity, certificate=Certificate(source_address=("all",)))},
            "identity.certificate.source_address: got 'all', expected a CIDR",
        ),
        ({"target": replace(PLAIN.target, name="payments-db\n")}, "target.name: got 'payments-db\\n', expected"),
        ({"target": replace(PLAIN.target, login="root;id")}, "target.login: got 'root;id', expected"),
        ({"target": replace(PLAIN.target, labels={"a\0": ""})}, "input.target.labels: got a NUL character"),
        ({"env": {"A-B": "x"}}, "env: got 'A-B', expected"),
        ({"purpose": "x" * (256 * 1024)}, "document: got "),
        ({"approvals": (replace(APPROVAL, approver="al ice"),)}, "approvals.approver: got 'al ice', expected"),
        ({"approvals": (replace(APPROVAL, groups=("é",)),)}, "approvals.groups: got '\\xe9', expected"),
    ],
)
def test_what_engines_could_read_in_two_ways_is_refused(change: dict[str, object], message: str) -> None:
    assert refusal(submission(**change)).startswith(message)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "operation", "understood"),
    [
        (b"uptime", "exec", True),
        (b"uptime", "line", True),
        (b"", "exec", False),
        (b" ", "exec", False),
        (b"echo $((x))", "exec", False),
        (b"echo $(id)", "exec", True),
        (b"# only a comment", "exec", False),
        (b"", "sftp.read", True),
    ],
)
def test_rules_see_only_what_was_understood(raw: bytes, operation: str, understood: bool) -> None:
    assert document.build(submission(raw, operation=operation)).understood is understood


def test_judged_input_is_known_by_its_digest() -> None:
    stdin = document.build(submission(stdin=b"\xff\0data", stdin_mode="judge")).request.stdin
    assert (stdin.mode, stdin.kind, stdin.bytes) == ("judge", "data", 6)
    assert stdin.sha256 == hashlib.sha256(b"\xff\0data").hexdigest()
    assert document.build(submission(stdin_mode="stream")).request.stdin.sha256 == ""


def test_the_command_is_read_in_the_dialect_of_the_target() -> None:
    assert document.build(submission(dialect="bash")).request.command.dialect == "bash"


def test_a_document_reads_back_as_it_was_written() -> None:
    made = document.build(submission(approvals=(APPROVAL,), stdin=b"x", stdin_mode="judge"))
    assert document.read(made.body) == made


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema",), 2, "schema: got 2, expected 1"),
        (("extra",), 1, "document: Object contains unknown field `extra`"),
        (("identity",), None, "document: Expected `object`, got `null`"),
        (("now", "hour"), 3, "now: got times that are not those of ns"),
        (("source", "address"), "x", "source.address: got 'x'"),
        (("target", "name"), "é", "target.name: got '\\xe9'"),
        (("purpose",), "a\0b", "input.purpose: got a NUL character"),
    ],
)
def test_a_document_of_others_is_held_to_the_same(path: tuple[str, ...], value: object, message: str) -> None:
    body = json.loads(document.build(submission()).body)
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(Refused) as caught:
        document.read(json.dumps(body).encode())
    assert caught.value.message.removeprefix("the request cannot be judged: ").startswith(message)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"schema": "\xed\xa0\x80"}', b"null"])
def test_what_is_no_document_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="document: "):
        document.read(body)


def test_a_document_of_others_is_normalised_too() -> None:
    body = document.build(submission()).body.replace(b"192.0.2.7", b"::ffff:192.0.2.7")
    assert document.read(body).request.source.address == "192.0.2.7"


def test_the_bounds_of_a_document_are_reached_and_not_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = document.build(submission())
    monkeypatch.setattr(document.model, "MAX_BYTES", len(made.body))
    assert document.build(submission()).body == made.body
    monkeypatch.setattr(document.model, "MAX_BYTES", len(made.body) - 1)
    assert "expected at most" in refusal(submission())


def test_what_is_nested_too_deep_is_refused_wherever_it_is() -> None:
    def nested(levels: int, *, lists: bool) -> object:
        value: object = "x"
        for _ in range(levels):
            value = [value] if lists else {"k": value}
        return value

    for lists in (False, True):
        document._check_value(nested(document.model.MAX_DEPTH - 1, lists=lists), "input", 1)
        with pytest.raises(Refused, match="levels, expected fewer"):
            document._check_value(nested(document.model.MAX_DEPTH, lists=lists), "input", 1)
    with pytest.raises(Refused, match="NUL"):
        document._check_value([["a\0b"]], "input", 1)
    document._check_value(document.model.MAX_INTEGER, "input", 1)


def test_no_document_is_nested_deeper_than_its_types_are() -> None:
    schema = msgspec.json.schema(Request)

    def levels(node: dict[str, Any]) -> int:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        below = [*node.get("properties", {}).values(), node.get("items"), node.get("additionalProperties")]
        return 1 + max((levels(one) for one in below if isinstance(one, dict)), default=0)

    assert levels(schema) < document.model.MAX_DEPTH


@pytest.mark.parametrize("raw", [rb"echo '\u0000'", rb"echo '\\u0000'", b"curl http://h:99999999999999999999/"])
def test_what_only_looks_like_a_fault_is_none(raw: bytes) -> None:
    made = document.build(submission(raw))
    assert document.read(made.body) == made


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("::ffff:192.0.2.0/96", "192.0.2.0/0"),
        ("::ffff:0:0/95", "::fffe:0:0/95"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("2001:db8::1/97", "2001:db8::/97"),
    ],
)
def test_only_what_is_all_ipv4_is_written_as_ipv4(network: str, expected: str) -> None:
    assert document._network(network) == expected.replace("192.0.2.0/0", "0.0.0.0/0")
