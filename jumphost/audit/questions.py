"""What auditors ask. Read-only: nothing here can change the trail, and a gateway may be running or not."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from jumphost.audit import value
from jumphost.audit.credential import Use, uses
from jumphost.audit.ever import Ever, Ran, ever
from jumphost.audit.identity import KINDS, Traces, traces
from jumphost.audit.value import Reading, Value
from jumphost.audit.when import Window
from jumphost.clock import rfc3339
from jumphost.model.event import Kind
from jumphost.store.database import reading

FOLLOW_BATCH = 500  # events read at once: bounds memory however long the journal is


# What ran, each with what was told of its masking.
_TOLD = """
WITH told AS (
  SELECT id, identity, target, started_ns, (SELECT body FROM event WHERE event.session = session.id AND kind = :kind
    ORDER BY rowid DESC LIMIT 1) AS body
  FROM session WHERE (:identity = '' OR identity = :identity) AND started_ns <= :end
    AND coalesce(ended_ns, :end) >= :start
)"""


# Credentials that were issued, by what one may call them.
_ISSUED = """
WITH told AS (SELECT *, CAST(body AS TEXT) AS text FROM event WHERE kind = :issue AND at_ns BETWEEN :start AND :end)
SELECT session, body FROM told WHERE :what IN (
  json_extract(text, '$.lease'), json_extract(text, '$.subject'), json_extract(text, '$.name'),
  json_extract(text, '$.serial')
) ORDER BY at_ns, idx
"""


class Session(Struct, frozen=True):
    """One session as the journal tells it; what is not known (yet) is empty. Times are RFC 3339."""

    id: str
    connection: str
    identity: str
    target: str
    opened: str
    started: str = ""  # the command's start on the target; empty: nothing ran
    ended: str = ""
    login: str = ""
    operation: str = ""
    command: str = ""
    purpose: str = ""
    correlation: str = ""
    source: str = ""
    issuer: str = ""
    serial: str = ""
    key_id: str = ""
    decision: str = ""
    effect: str = ""
    code: str = ""  # the rule that decided, or a reason code
    revision: str = ""
    request_digest: str = ""
    hold: str = ""
    status: int | None = None
    signal: str = ""
    outcome: str = ""
    recording: str = ""  # relative to the folder of recordings
    bytes: int | None = None  # of the sealed recording
    sha256: str = ""


class Entry(Struct, frozen=True):
    """One event: its exact bytes, and its place in the file, for asking what came after it."""

    place: int  # from 1
    body: bytes


class Questions:
    """The journal in ``path``; every question raises Unavailable (journal.unavailable) if it cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def sessions(self, *, identity: str = "", target: str = "", limit: int = 50) -> list[Session]:
        """The newest sessions, newest first; "" means any."""
        return self._sessions(
            "(:identity = '' OR identity = :identity) AND (:target = '' OR target = :target)"
            " ORDER BY opened_ns DESC, id DESC LIMIT :limit",
            identity=identity,
            target=target,
            limit=limit,
        )

    def session(self, identifier: str) -> Session | None:
        """One session, or None."""
        return next(iter(self._sessions("id = :id", id=identifier)), None)

    def who(self, target: str, window: Window, *, attempts: bool = False) -> list[Session]:
        """Whose commands ran on a target at any time within the window, in the order of their starts.

        A command counts from its start on the target to its end, or on and on while no end is known: one that began
        before midnight and ended after it ran at midnight. ``attempts`` are those that ran nothing instead: denied,
        held and never run, failed; they count from the request to its answer.
        """
        begin = "opened_ns" if attempts else "started_ns"
        return self._sessions(
            f"target = :target AND started_ns IS {'' if attempts else 'NOT '}NULL AND {begin} <= :end"
            f" AND coalesce(ended_ns, :end) >= :start ORDER BY {begin}, id",
            target=target,
            start=window.start_ns,
            end=window.end_ns,
        )

    def ever(self, identity: str, detector: str, window: Window) -> Ever:
        """Whether what an identity ran within the window printed a value that the detector knows."""
        rows = self._ask(
            "SELECT id, started_ns, coalesce(bytes, 0), (SELECT body FROM event WHERE event.session = session.id"
            "  AND kind = :kind ORDER BY rowid DESC LIMIT 1) FROM session"
            " WHERE identity = :identity AND started_ns IS NOT NULL AND started_ns <= :end"
            " AND coalesce(ended_ns, :end) >= :start ORDER BY started_ns, id",
            {
                "kind": Kind.MASK_COUNT.value,
                "identity": identity,
                "start": window.start_ns,
                "end": window.end_ns,
            },
        )
        return ever(detector, (Ran(*row) for row in rows))

    def identity(self, name: str) -> Traces:
        """Which certificates an identity had and used, and from where."""
        marks = ", ".join("?" * len(KINDS))
        with reading(self._path) as connection:
            rows = connection.execute(
                f"SELECT body FROM event WHERE identity = ? AND kind IN ({marks}) ORDER BY at_ns, rowid",  # noqa: S608  # only marks
                (name, *(kind.value for kind in KINDS)),
            )
            return traces(body for (body,) in rows)

    def locks(self) -> dict[str, dict[str, Any]]:
        """The identities that are locked, each with the event that says why."""
        rows = self._ask(
            "SELECT identity, (SELECT body FROM event WHERE event.identity = identity_lock.identity AND kind = ?"
            "  ORDER BY rowid DESC LIMIT 1) FROM identity_lock ORDER BY identity",
            (Kind.IDENTITY_LOCK.value,),
        )
        return {name: msgspec.json.decode(body) for name, body in rows}

    def value(self, digests: Collection[bytes], window: Window, *, identity: str = "") -> Value:
        """Whether what ran within the window printed the value that has one of these digests; "": by anyone."""
        about = {
            "kind": Kind.MASK_COUNT.value,
            "identity": identity,
            "start": window.start_ns,
            "end": window.end_ns,
            "indexed": value.INDEXED,
            "full": value.FULL,
        }
        wanted = {f"d{at}": digest.hex().encode() for at, digest in enumerate(digests)}
        hit = " OR ".join(f"instr(body, :{name})" for name in wanted)
        rows = self._ask(
            f"{_TOLD} SELECT id, identity, target, started_ns FROM told WHERE {hit} ORDER BY started_ns, id",  # noqa: S608  # names above
            {**about, **wanted},
        )
        [(ran, seen, full)] = self._ask(
            f"{_TOLD} SELECT count(*), coalesce(sum(instr(body, :indexed) > 0), 0),"  # noqa: S608  # texts above
            " coalesce(sum(instr(body, :full) > 0), 0) FROM told",
            about,
        )
        readings = tuple(Reading(session, who, target, rfc3339(at)) for session, who, target, at in rows)
        return Value(bool(readings), readings, seen, full, ran - seen)

    def credential(self, what: str, window: Window) -> list[Use]:
        """Which process had a credential that was issued within the window, oldest first.

        ``what`` is the id of a lease, its role or other subject, its name, or the serial of a certificate.
        """
        values = {"issue": Kind.CREDENTIAL_ISSUE.value, "what": what, "start": window.start_ns, "end": window.end_ns}
        with reading(self._path) as connection:
            issued = connection.execute(_ISSUED, values).fetchall()
            of = "SELECT session, body FROM event WHERE kind = ? AND session IN (SELECT value FROM json_each(?))"
            sessions = msgspec.json.encode([row["session"] for row in issued]).decode()
            ended = connection.execute(f"{of} ORDER BY rowid", (Kind.CREDENTIAL_REVOKE.value, sessions)).fetchall()
            shared = connection.execute(
                "SELECT session, json_extract(CAST(body AS TEXT), '$.login') AS login FROM event WHERE kind = ?"
                " AND login IN (SELECT value FROM json_each(?)) ORDER BY rowid",
                (Kind.CREDENTIAL_USE.value, sessions),
            ).fetchall()
        ran: dict[str, tuple[str, ...]] = {}
        for session, login in shared:
            ran[login] = (*ran.get(login, ()), session)
        return uses((row["body"] for row in issued), (body for _, body in ended), ran)

    def events(self, session: str) -> list[bytes]:
        """Every event of a session, exact bytes, in order."""
        return [body for (body,) in self._ask("SELECT body FROM event WHERE session = ? ORDER BY rowid", (session,))]

    def tail(self, count: int) -> list[Entry]:
        """The last events, oldest first."""
        rows = self._ask("SELECT rowid, body FROM event ORDER BY rowid DESC LIMIT ?", (count,))
        return [Entry(place, body) for place, body in reversed(rows)]

    def after(self, place: int) -> list[Entry]:
        """The events that follow one, at most ``FOLLOW_BATCH``."""
        rows = self._ask("SELECT rowid, body FROM event WHERE rowid > ? ORDER BY rowid LIMIT ?", (place, FOLLOW_BATCH))
        return [Entry(place, body) for place, body in rows]

    def follow(self, place: int, wait: Callable[[], object]) -> Iterator[Entry]:
        """Every event that follows one, without end; ``wait`` is called when there is none yet."""
        while True:
            fresh = self.after(place)
            if not fresh:
                wait()
            for entry in fresh:
                place = entry.place
                yield entry

    def _sessions(self, where: str, **values: Any) -> list[Session]:
        return [_session(row) for row in self._ask(f"SELECT * FROM session WHERE {where}", values)]  # noqa: S608  # texts above

    def _ask(self, query: str, values: Sequence[Any] | dict[str, Any]) -> list[sqlite3.Row]:
        with reading(self._path) as connection:
            return connection.execute(query, values).fetchall()


def _session(row: sqlite3.Row) -> Session:
    known = {key: value for key in row.keys() if (value := row[key]) is not None}  # noqa: SIM118  # a Row iterates values
    times = {name: rfc3339(known.pop(f"{name}_ns")) for name in ("opened", "started", "ended") if f"{name}_ns" in known}
    return msgspec.convert({**known, **times}, Session)
