"""The statement that people sign, and when terms are met."""

import json

import msgspec
import pytest

from jumphost.model.approval import Approval, Approver, Hold, Term, statement, terms_met
from jumphost.model.request import ApprovalView

GIVEN = Approval(
    hold="h",
    request_digest="d",
    verdict="approve",
    approver="alice",
    reason="fine \u00e9",
    at="2026-11-22T02:00:00.000Z",
    not_after="2026-11-22T03:00:00.000Z",
    signature="S",
    groups=("dba",),
)
ALICE, BOB, CAROL = ("alice", ["dba"]), ("bob", ["security"]), ("carol", ["dba", "security"])


def terms(*wanted: tuple[str, int]) -> list[Term]:
    return [Term(tuple(groups.split()), count, 60) for groups, count in wanted]


def test_the_statement_is_these_bytes() -> None:
    assert (
        statement(GIVEN)
        == (
            '{"approver":"alice","at":"2026-11-22T02:00:00.000Z","hold":"h","not_after":"2026-11-22T03:00:00.000Z",'
            '"reason":"fine \u00e9","request_digest":"d","v":1,"verdict":"approve"}'
        ).encode()
    )


@pytest.mark.parametrize("name", ["hold", "request_digest", "verdict", "approver", "reason", "at", "not_after"])
def test_every_field_but_signature_and_groups_is_signed(name: str) -> None:
    assert statement(msgspec.structs.replace(GIVEN, **{name: "another"})) != statement(GIVEN)
    assert set(json.loads(statement(GIVEN))) == {*Approval.__struct_fields__, "v"} - {"signature", "groups"}


def test_what_rego_sees_of_it() -> None:
    assert GIVEN.view() == ApprovalView(
        approver="alice", groups=("dba",), at=GIVEN.at, reason=GIVEN.reason, method="sshsig"
    )


@pytest.mark.parametrize(
    ("wanted", "people", "met"),
    [
        ([("dba", 1)], [ALICE], True),
        ([("dba", 1)], [BOB], False),
        ([("dba", 1)], [], False),
        ([("dba", 2)], [ALICE], False),
        ([("dba", 2)], [ALICE, ALICE], False),  # the same person
        ([("dba", 2)], [ALICE, CAROL], True),
        ([("dba", 2)], [ALICE, CAROL, BOB], True),  # more than enough
        ([("dba security", 1)], [BOB], True),  # any of the groups
        ([("dba", 1), ("security", 1)], [CAROL], False),  # one person, two places
        ([("dba", 1), ("security", 1)], [CAROL, ALICE], True),
        ([("dba", 1), ("security", 1)], [CAROL, BOB], True),  # carol moves over
        ([("dba", 1), ("security", 1)], [ALICE, ("dave", ["dba"])], False),
        ([("dba", 1), ("dba", 1)], [ALICE], False),
        ([("dba", 1), ("dba security", 1), ("security", 1)], [CAROL, ALICE, BOB], True),
        ([("dba", 1), ("security", 1)], [("alice", ["dba"]), ("alice", ["security"])], False),  # still one person
        ([], [ALICE], False),  # nothing asked is nothing met
    ],
)
def test_terms_met(wanted: list[tuple[str, int]], people: list[tuple[str, list[str]]], met: bool) -> None:
    assert terms_met(terms(*wanted), people) is met


@pytest.mark.parametrize(
    "changed",
    [{"groups": []}, {"groups": ["g"] * 33}, {"count": 0}, {"count": 17}, {"ttl_s": 0}, {"ttl_s": 2_592_001}, {"n": 1}],
)
def test_terms_have_bounds(changed: dict[str, object]) -> None:
    good = {"groups": ["dba"], "count": 16, "ttl_s": 2_592_000}
    assert msgspec.convert(good, Term) == Term(("dba",), 16, 2_592_000)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({**good, **changed}, Term)


def test_an_entry_of_approvers_is_strict() -> None:
    assert msgspec.convert({"keys": ["k"]}, Approver) == Approver(keys=("k",), groups=())
    with pytest.raises(msgspec.ValidationError, match="unknown field `group`"):
        msgspec.convert({"keys": ["k"], "group": ["dba"]}, Approver)


def test_a_hold_comes_back_from_json() -> None:
    hold = Hold(
        id="h",
        state="approved",
        request_digest="d",
        identity="i",
        owner="o",
        target="t",
        login="l",
        command="c",
        terms=(Term(("dba",), 1, 60),),
        message="m",
        created_ns=1,
        expires_ns=2,
        decision="x",
        approvals=(GIVEN,),
    )
    assert msgspec.json.decode(msgspec.json.encode(hold), type=Hold) == hold
