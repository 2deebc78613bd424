"""The life of one session as a table: what is not in it is a fault, and a fault runs nothing."""

from enum import StrEnum

from jumphost.errors import Code, JumphostError


class Stage(StrEnum):
    """Where a session stands."""

    OPEN = "open"
    JUDGED = "judged"  # a decision is known, nothing is promised
    HELD = "held"
    COMMITTED = "committed"  # the allow is durable and the recording open: only from here may a target be touched
    RUNNING = "running"
    ENDED = "ended"


NEXT: dict[Stage, frozenset[Stage]] = {
    Stage.OPEN: frozenset({Stage.JUDGED, Stage.ENDED}),
    Stage.JUDGED: frozenset({Stage.JUDGED, Stage.HELD, Stage.COMMITTED, Stage.ENDED}),
    Stage.HELD: frozenset({Stage.JUDGED, Stage.ENDED}),
    Stage.COMMITTED: frozenset({Stage.RUNNING, Stage.ENDED}),
    Stage.RUNNING: frozenset({Stage.ENDED}),
    Stage.ENDED: frozenset(),
}


def step(now: Stage, to: Stage) -> Stage:
    """The next stage; JumphostError (internal) if the table has no such step."""
    if to not in NEXT[now]:
        raise JumphostError(Code.INTERNAL, f"a session that is {now} cannot become {to}")
    return to
