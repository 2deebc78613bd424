"""The rules of approving, as pure functions over holds.

Invariants: a hold leaves a final state never; an approval counts only with a valid SSHSIG by a key of that person over
this hold and this request digest; neither the caller nor its owner counts; a person counts once over all terms; who
left the group, or approvers.yaml, before the release does not count; ``terms_met`` is a matching with ``>=``.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from jumphost.clock import NS_PER_S, parse_rfc3339
from jumphost.errors import Code, Refused
from jumphost.evidence import sshsig
from jumphost.model.approval import NAMESPACE, Approval, Approver, Hold, State, Term, statement, terms_met
from jumphost.sshkey import read_line

SKEW_NS = 60 * NS_PER_S  # an approver's clock may run ahead by this much

MOVES: dict[State, frozenset[State]] = {
    "pending": frozenset({"approved", "rejected", "expired", "withdrawn"}),
    "approved": frozenset({"consumed", "rejected", "expired", "withdrawn"}),
    "consumed": frozenset(),
    "rejected": frozenset(),
    "expired": frozenset(),
    "withdrawn": frozenset(),
}
LIVE: frozenset[State] = frozenset(state for state, moves in MOVES.items() if moves)


def move(hold: Hold, state: State, reason: str = "") -> Hold:
    """The hold in its next state; Refused (approval.closed) if there is no such move."""
    if state not in MOVES[hold.state]:
        raise Refused(Code.APPROVAL_CLOSED, f"got {state} for hold {hold.id}, which is {hold.state}")
    return replace(hold, state=state, reason=reason)


def due(hold: Hold, now_ns: int) -> bool:
    """Whether a live hold has outlived its ttl."""
    return hold.state in LIVE and now_ns >= hold.expires_ns


def answered(hold: Hold, given: Approval, approvers: Mapping[str, Approver], now_ns: int) -> Hold:
    """The hold after one person's verdict: approved once the terms are met, rejected by one rejection while it lives.

    Refused with a code of approval.… or signature.invalid if it does not count; then nothing has changed.
    """
    if due(hold, now_ns):
        raise Refused(Code.APPROVAL_EXPIRED, f"hold {hold.id} has expired")
    if hold.state not in LIVE or (hold.state == "approved" and given.verdict == "approve"):
        raise Refused(Code.APPROVAL_CLOSED, f"hold {hold.id} is {hold.state}: nobody needs to {given.verdict} it")
    _verify(hold, given, approvers, now_ns)
    counted = replace(given, groups=approvers[given.approver].groups)
    if given.verdict == "reject":
        return move(replace(hold, approvals=(*hold.approvals, counted)), "rejected", given.reason)
    if any(before.approver == given.approver for before in hold.approvals):
        raise Refused(Code.APPROVAL_NOT_ALLOWED, f"{given.approver} has approved hold {hold.id} already")
    hold = replace(hold, approvals=(*hold.approvals, counted))
    return move(hold, "approved") if met(hold.terms, standing(hold, approvers, now_ns)) else hold


def standing(hold: Hold, approvers: Mapping[str, Approver], now_ns: int) -> tuple[Approval, ...]:
    """The approvals that count now, with the groups that their people have now."""
    return tuple(
        replace(given, groups=approvers[given.approver].groups)
        for given in hold.approvals
        if given.verdict == "approve"
        and given.approver in approvers
        and not _interested(hold, given.approver)
        and now_ns < parse_rfc3339(given.not_after)
    )


def met(terms: Sequence[Term], approvals: Sequence[Approval]) -> bool:
    """Whether these approvals meet these terms."""
    return terms_met(terms, [(given.approver, given.groups) for given in approvals])


def _interested(hold: Hold, approver: str) -> bool:
    return approver in {hold.identity, hold.owner}


def _verify(hold: Hold, given: Approval, approvers: Mapping[str, Approver], now_ns: int) -> None:
    if given.hold != hold.id or given.request_digest != hold.request_digest:
        raise Refused(Code.APPROVAL_INVALID, "the statement is about another request")
    person = approvers.get(given.approver)
    if person is None:
        raise Refused(Code.APPROVAL_NOT_ALLOWED, f"got {given.approver!r}, expected a name in approvers.yaml")
    if _interested(hold, given.approver):
        raise Refused(
            Code.APPROVAL_NOT_ALLOWED, f"{given.approver} asked for this, or answers for who did: others decide"
        )
    if not any(set(term.groups) & set(person.groups) for term in hold.terms):
        wanted = sorted({group for term in hold.terms for group in term.groups})
        raise Refused(
            Code.APPROVAL_NOT_ALLOWED, f"got {given.approver} of {sorted(person.groups)}, expected a member of {wanted}"
        )
    _in_time(given, now_ns)
    key = sshsig.verify(given.signature, statement(given), NAMESPACE)
    if not any(read_line(line).blob == key.blob for line in person.keys):
        raise Refused(
            Code.APPROVAL_INVALID, f"got a signature by {key.fingerprint}, which is no key of {given.approver}"
        )


def _in_time(given: Approval, now_ns: int) -> None:
    try:
        at, not_after = parse_rfc3339(given.at), parse_rfc3339(given.not_after)
    except ValueError as error:
        raise Refused(Code.APPROVAL_INVALID, f"the statement's time: {error}") from error
    if not at - SKEW_NS <= now_ns < not_after:
        raise Refused(Code.APPROVAL_INVALID, f"got a statement for {given.at} to {given.not_after}: sign it again")
