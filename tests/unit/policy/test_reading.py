"""One reading for all engines: what is a judgement, and with which code, when a reply is read."""

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.model.decision import Judgement
from jumphost.policy.protocol import Reply, fault
from jumphost.policy.reading import check_smoke, read_reply

ALLOW = b'{"effect": "allow", "rules": [{"id": "a.b.c", "effect": "allow", "message": "fine"}], "obligations": {}}'
NOTHING = b'{"effect": "deny", "rules": [], "obligations": {}}'


def read(reply: Reply) -> Judgement:
    return read_reply(reply, revision="r", engine="e", detectors=b"d")


def test_an_answer_keeps_the_document_and_names_its_engine() -> None:
    got = read(Reply(1, ALLOW, document=b"{}", request_digest="1", input_digest="2"))
    assert (got.verdict.effect, got.code, got.message) == ("allow", "a.b.c", "fine")
    assert (got.document, got.request_digest, got.input_digest) == (b"{}", "1", "2")
    assert (got.revision, got.engine, got.detectors) == ("r", "e", b"d")


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(1, NOTHING), Code.POLICY_NO_RULE),
        (Reply(1, b""), Code.POLICY_INVALID),
        (Reply(1, b"true"), Code.POLICY_INVALID),
        (Reply(1, b"[" * 100_000), Code.POLICY_INVALID),
        (Reply(1, b'{"x":' + b"[" * 100_000), Code.POLICY_INVALID),
        (Reply(1, ALLOW, code=Code.POLICY_ERROR), Code.POLICY_ERROR),
        (fault(Code.POLICY_TIMEOUT, "late", "why"), Code.POLICY_TIMEOUT),
    ],
)
def test_all_else_is_a_denial(reply: Reply, code: Code) -> None:
    got = read(reply)
    assert (got.verdict.effect, got.verdict.rules, got.code) == ("deny", (), code)


def test_a_plain_request_may_be_denied_by_rule_but_not_by_fault() -> None:
    check_smoke(read(Reply(1, NOTHING)))
    with pytest.raises(Unavailable, match="the bundle gives no valid answer: late") as caught:
        check_smoke(read(fault(Code.POLICY_TIMEOUT, "late", "why")))
    assert (caught.value.code, caught.value.detail) == (Code.POLICY_UNAVAILABLE, "why")
