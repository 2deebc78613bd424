"""What a gateway that did not end in order left behind is put in order before the next one listens.

Its commands ran or did not, and nobody saw: their outcome is ``unknown``, and none is run again. Its recordings are
repaired and sealed. Holds need nothing: they are rows, and are there again.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structlog
from msgspec import structs

from jumphost.clock import Clock, utc
from jumphost.errors import Code
from jumphost.gateway.admission import STEP_NS
from jumphost.model.event import Event, Kind
from jumphost.recording.recover import Progress, repair, since
from jumphost.recording.writer import relative_path
from jumphost.store import left
from jumphost.store.left import Left
from jumphost.store.sqlite import Store

LOST = "the gateway ended while the command was running: nobody knows whether it finished"

log = structlog.get_logger(__name__)


async def recover(store: Store, recordings: Path, clock: Clock) -> None:
    """Journals an end for every session without one, and a seal for every recording without one.

    Unavailable (journal.unavailable, recording.failed) if it cannot: then nothing may start. Interrupted, it begins
    again; done, it finds nothing the second time.
    """
    for session in [*await store.read(left.sessions), *await _unknown(store, recordings)]:
        events = [*_outcome(session, clock), *await _recording(session, recordings, clock), *_close(session, clock)]
        await store.write(None, *events)
        log.warning("session.recovered", session=session.id, events=[event.kind.value for event in events])


async def _unknown(store: Store, recordings: Path) -> list[Left]:
    """Recordings that were made while the journal knew of no session: what they were made for was not allowed yet.

    Only what came after the last start is looked at: that start has looked at the rest.
    """
    started = await store.read(lambda connection: left.latest(connection, Kind.SYSTEM_START))
    paths = await asyncio.to_thread(lambda: list(since(recordings, utc(started - STEP_NS).date())))
    names = {path.stem: path.relative_to(recordings) for path in paths}
    return [
        Left(id=session, recording=str(names[session]))
        for session in await store.read(lambda connection: left.unknown(connection, names))
    ]


def _outcome(session: Left, clock: Clock) -> Iterator[Event]:
    if session.started and not session.ended:
        code = Code.GATEWAY_UNAVAILABLE
        yield _event(Kind.COMMAND_CUT, session, clock, code=code, message=LOST, outcome="unknown", left=True)


async def _recording(session: Left, recordings: Path, clock: Clock) -> list[Event]:
    """What became of the recording; nothing where there never was one."""
    name = session.recording or str(relative_path(session.id))
    progress = Progress(session.bytes, session.sha256) if session.sha256 else None
    found = await asyncio.to_thread(repair, recordings / name, progress)
    if found.proof == "missing" and not session.recording:
        return []
    if found.proof in ("missing", "short", "differs"):
        log.error("recording.damaged", session=session.id, recording=name, proof=found.proof)
    return [_event(Kind.RECORDING_RECOVERED, session, clock, recording=name, **structs.asdict(found))]


def _close(session: Left, clock: Clock) -> Iterator[Event]:
    if not session.ended:
        yield _event(Kind.SESSION_CLOSE, session, clock, outcome="unknown" if session.started else "interrupted")


def _event(kind: Kind, of: Left, clock: Clock, **data: Any) -> Event:
    return Event(
        kind=kind,
        at_ns=clock.now_ns(),
        session=of.id,
        connection=of.connection,
        decision=of.decision,
        identity=of.identity,
        target=of.target,
        data=data,
    )
