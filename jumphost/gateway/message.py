"""How a session ends, and the one line that tells the caller so (CONTRACTS §3)."""

import json
from typing import Literal

from msgspec import Struct

from jumphost.errors import Code, JumphostError, Refused, Status, status_of
from jumphost.model.decision import Decision

Word = Literal["allowed", "denied", "held", "cut", "failed", "note"]


class Ending(Struct, frozen=True):
    """What the caller is told; ``status`` is the exit status that goes with it."""

    effect: Word
    code: str  # a rule id or a Code
    message: str
    status: int
    decision: str = ""
    hold: str = ""


class Ended(Exception):
    """Raised where a session ends without running anything."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending)
        self.ending = ending


# of what runs, by a fault of ours
_CUTS = frozenset({Code.RECORDING_FAILED, Code.MASK_FAILED, Code.JOURNAL_UNAVAILABLE, Code.LIMIT_DISK, Code.SHUTDOWN})
_WORDS: dict[int, Word] = {Status.DENIED: "denied", Status.HELD: "held"}


def refused(error: JumphostError, decision: str, *, running: bool = False) -> Ending:
    """The ending that an error means, before the command ran or while it did."""
    status = status_of(error.code)
    if running and (status == Status.DENIED or error.code in _CUTS):
        status = Status.DENIED if status == Status.DENIED else Status.INTERNAL
        return Ending("cut", error.code, error.message, status, decision)
    return Ending(_WORDS.get(status, "failed"), error.code, error.message, status, decision)


def judged(decision: Decision, effect: Word) -> Ending:
    """The ending that a decision means for a caller for whom nothing runs."""
    judgement = decision.judgement
    if effect == "denied" and judgement.code in {*Code}:
        return refused(Refused(Code(judgement.code), judgement.message), decision.id)
    status = {"allowed": Status.OK, "held": Status.HELD}.get(effect, Status.DENIED)
    return Ending(effect, judgement.code, judgement.message, status, decision.id)


def dropped(count: int, decision: str) -> Ending:
    """Not an end: standard input that the decision closed got bytes all the same."""
    return Ending("note", Code.STDIN_CLOSED, f"{count} bytes of standard input were dropped", Status.OK, decision)


def fault(decision: str) -> Ending:
    """The ending of a fault of ours: the caller learns no more than that."""
    return Ending("failed", Code.INTERNAL, "internal fault", Status.INTERNAL, decision)


def line(ending: Ending, *, as_json: bool) -> str:
    """The line, without its newline; codes and messages come from policies, so control characters are escaped."""
    if as_json:
        return json.dumps(
            {
                "effect": ending.effect,
                "code": ending.code,
                "message": ending.message,
                "decision": ending.decision,
                "hold": ending.hold,
                "status": ending.status,
            }
        )
    name = f"hold {ending.hold}" if ending.effect == "held" and ending.hold else f"decision {ending.decision}"
    return f"jumphost: {ending.effect} {escaped(ending.code)}: {escaped(ending.message)} ({name})"


def escaped(text: str) -> str:
    """Text of others made safe for a terminal: what is not printable becomes an escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
