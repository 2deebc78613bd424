"""A caller who waits at a hold: what it is told when, and what ends the waiting. No test takes any time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.errors import Code, Refused
from jumphost.gateway.environment import Wishes
from jumphost.gateway.message import Ended, Ending, line
from jumphost.gateway.waiting import turn
from jumphost.identity.revocation import Revocation
from jumphost.model.approval import Hold, State
from jumphost.testing.clock import JumpingLoop, ManualClock
from jumphost.testing.gatehouse import NAME, TTL_S, Gatehouse, client
from jumphost.testing.people import pending

TOLD = Ending("held", "a.b.hold", "asks a dba", 75, "d", "h")
LINE = line(TOLD, as_json=False) + "\n"
INTERVAL_S = 30  # the default


@dataclass
class Place:
    """A place at a hold: as much of a Ticket as the one who waits needs."""

    hold: Hold
    turn: asyncio.Event = field(default_factory=asyncio.Event)

    def becomes(self, state: State, reason: str = "") -> None:
        """The hold is in this state, and the caller has its turn."""
        self.hold = replace(self.hold, state=state, reason=reason)
        self.turn.set()


@dataclass
class Told:
    """How it went."""

    stderr: str
    seconds: float
    error: Exception | None


@pytest.fixture
def waited(tmp_path: Path) -> Callable[..., Told]:
    """Lets a caller wait while ``events`` happen, each so many seconds after the beginning."""
    clock = ManualClock()

    async def wait(wishes: Wishes, events: dict[float, Callable[[Place, Gatehouse], object]]) -> Told:
        async with Gatehouse.open(tmp_path) as here:
            here.clock = clock
            channel, place = here.channel(), Place(pending(clock))
            for seconds, act in events.items():
                if seconds:
                    asyncio.get_running_loop().call_later(seconds, act, place, here)
                else:
                    act(place, here)
            began, error = clock.monotonic(), None
            try:
                await turn(
                    place,  # type: ignore[arg-type]
                    TOLD,
                    parts=here.parts(),
                    caller=channel.connection.caller,
                    channel=channel,
                    wishes=wishes,
                )
            except (Ended, Refused) as caught:
                error = caught
            return Told(client(channel).stderr, clock.monotonic() - began, error)

    def run(wishes: Wishes = Wishes(), **events: Any) -> Told:  # noqa: B008  # frozen
        at = {float(name.removeprefix("at_")): act for name, act in events.items()}
        with asyncio.Runner(loop_factory=lambda: JumpingLoop(clock)) as runner:
            return runner.run(wait(wishes, at))

    return run


def approves(place: Place, _: Gatehouse) -> None:
    place.becomes("approved")


def test_a_status_line_at_once_and_in_every_interval(waited: Callable[..., Told]) -> None:
    told = waited(at_95=approves)
    assert (told.stderr, told.seconds, told.error) == (LINE * 4, 95, None)


def test_who_has_the_turn_already_is_told_nothing(waited: Callable[..., Told]) -> None:
    told = waited(at_0=approves)
    assert (told.seconds, told.stderr, told.error) == (0, "", None)


def test_as_json(waited: Callable[..., Told]) -> None:
    assert waited(Wishes(as_json=True), at_1=approves).stderr == line(TOLD, as_json=True) + "\n"


@pytest.mark.parametrize(("wait_s", "lines"), [(0, 0), (1, 1), (INTERVAL_S, 1), (INTERVAL_S + 1, 2)])
def test_patience_ends_with_what_was_told(waited: Callable[..., Told], wait_s: int, lines: int) -> None:
    told = waited(Wishes(wait_s=wait_s))
    assert told.seconds == wait_s
    assert told.stderr == LINE * lines  # the end tells it once more
    assert isinstance(told.error, Ended)
    assert told.error.ending is TOLD


def test_a_certificate_that_ends_detaches(waited: Callable[..., Told]) -> None:
    told = waited()
    assert (told.seconds, told.stderr.count(LINE)) == (TTL_S, TTL_S // INTERVAL_S)
    assert isinstance(told.error, Ended)
    ending = told.error.ending
    assert (ending.effect, ending.code, ending.status) == ("held", Code.APPROVAL_DETACHED, 75)
    assert (ending.decision, ending.hold) == ("d", "h")


@pytest.mark.parametrize(("reason", "said"), [("", ""), ("not tonight", ": not tonight")])
@pytest.mark.parametrize("state", ["rejected", "expired", "withdrawn"])
def test_a_hold_that_ends_refuses_with_its_reason(
    waited: Callable[..., Told], state: State, reason: str, said: str
) -> None:
    told = waited(at_40=lambda place, _: place.becomes(state, reason))
    assert isinstance(told.error, Refused)
    assert (told.error.code, told.error.message) == (f"approval.{state}", f"the held command was {state}{said}")
    assert told.stderr == LINE * 2


def test_who_comes_after_the_run_goes_on_to_be_judged_anew(waited: Callable[..., Told]) -> None:
    assert waited(at_1=lambda place, _: place.becomes("consumed")).error is None


def test_the_identity_is_looked_at_again_in_every_interval(waited: Callable[..., Told]) -> None:
    told = waited(at_40=lambda _, here: here.standing.revoke(Revocation("identity", NAME)))
    assert (told.seconds, told.stderr) == (60, LINE * 2)
    assert isinstance(told.error, Refused)
    assert told.error.code is Code.IDENTITY_REVOKED
