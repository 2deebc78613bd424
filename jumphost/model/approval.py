"""Holds and approvals, and the one question that desk and signer both ask of them: are the terms met?"""

from collections.abc import Sequence
from typing import Annotated, Literal

import rfc8785
from msgspec import Meta, Struct

from jumphost.model.request import ApprovalView

NAMESPACE = "approval@jumphost"  # SSHSIG namespace of a statement

State = Literal["pending", "approved", "consumed", "rejected", "expired", "withdrawn"]
VerdictWord = Literal["approve", "reject"]


class Term(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of the terms: ``count`` distinct people, each in one of ``groups``, within ``ttl_s`` seconds."""

    groups: Annotated[tuple[str, ...], Meta(min_length=1, max_length=32)]
    count: Annotated[int, Meta(ge=1, le=16)]
    ttl_s: Annotated[int, Meta(ge=1, le=30 * 86_400)]


class Approver(Struct, frozen=True, forbid_unknown_fields=True):
    """One entry of ``approvers.yaml``: one person, many keys (public key lines)."""

    keys: tuple[str, ...]
    groups: tuple[str, ...] = ()


class Approval(Struct, frozen=True):
    """One person's signed verdict on a hold. ``at`` and ``not_after`` are RFC 3339 as in the signed statement."""

    hold: str
    request_digest: str
    verdict: VerdictWord
    approver: str
    reason: str
    at: str
    not_after: str
    signature: str  # armored SSHSIG over statement()
    groups: tuple[str, ...] = ()  # of the approver when it was given

    def view(self) -> ApprovalView:
        """What Rego sees of it."""
        return ApprovalView(approver=self.approver, groups=self.groups, at=self.at, reason=self.reason)


class Hold(Struct, frozen=True):
    """A waiting request; equal request digests share one."""

    id: str
    state: State
    request_digest: str
    identity: str
    owner: str
    target: str
    login: str
    command: str  # the text that was judged and that would run
    terms: tuple[Term, ...]
    message: str  # why it is held: rule and message
    created_ns: int
    expires_ns: int
    decision: str  # the decision that opened it
    correlation: str = ""
    purpose: str = ""
    reason: str = ""  # why it ended, where someone said so
    approvals: tuple[Approval, ...] = ()


def statement(approval: Approval) -> bytes:
    """The bytes that an approver signs (CONTRACTS §6): RFC 8785 JSON."""
    return rfc8785.dumps(
        {
            "v": 1,
            "hold": approval.hold,
            "request_digest": approval.request_digest,
            "verdict": approval.verdict,
            "approver": approval.approver,
            "reason": approval.reason,
            "at": approval.at,
            "not_after": approval.not_after,
        }
    )


def terms_met(terms: Sequence[Term], people: Sequence[tuple[str, Sequence[str]]]) -> bool:
    """Whether ``people`` (name, groups) fill every entry of ``terms``, each person counting once over all entries.

    A matching, not a count: a person in two groups fills one place, but the places are given out so that all are
    filled if they can be (augmenting paths; terms and approvers are few).
    """
    groups_of: dict[str, set[str]] = {}
    for name, groups in people:
        groups_of.setdefault(name, set()).update(groups)
    places = [set(term.groups) for term in terms for _ in range(term.count)]
    held_by: dict[int, str] = {}

    def seat(person: str, tried: set[int]) -> bool:
        for index, groups in enumerate(places):
            if index in tried or not groups & groups_of[person]:
                continue
            tried.add(index)
            if index not in held_by or seat(held_by[index], tried):
                held_by[index] = person
                return True
        return False

    return bool(places) and sum(seat(person, set()) for person in sorted(groups_of)) == len(places)
