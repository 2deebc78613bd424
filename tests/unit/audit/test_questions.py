from pathlib import Path

import pytest

from jumphost.audit.questions import Questions
from jumphost.audit.value import Reading, Value
from jumphost.audit.when import Window, around
from jumphost.clock import parse_rfc3339, rfc3339
from jumphost.errors import Unavailable
from jumphost.model.event import Event, Kind, encode
from jumphost.store.sqlite import Store

NIGHT = "2026-11-22T00:00:00Z"


def at(time: str) -> int:
    return parse_rfc3339(f"2026-11-{time}Z")


def ran(name: str, start: str, end: str = "", *, target: str = "db", identity: str = "ci") -> list[Event]:
    """A session that opened a minute before its command ran."""
    about = {"session": name, "connection": "c", "identity": identity, "target": target}
    events = [
        Event(Kind.SESSION_OPEN, at(start) - 60 * 10**9, **about, data={"login": "app", "serial": "7"}),
        Event(Kind.COMMAND_DECISION, at(start), decision="d", **about, data={"effect": "allow", "code": "a.b.c"}),
        Event(Kind.COMMAND_START, at(start), decision="d", **about, data={"recording": f"{name}.cast"}),
    ]
    if end:
        events.append(Event(Kind.COMMAND_EXIT, at(end), **about, data={"status": 0, "outcome": "exited"}))
    return events


def denied(name: str, opened: str) -> list[Event]:
    about = {"session": name, "connection": "c", "identity": "ci", "target": "db"}
    return [
        Event(Kind.SESSION_OPEN, at(opened), **about),
        Event(Kind.SESSION_CLOSE, at(opened) + 1, **about, data={"code": "policy.no_rule", "status": 77}),
    ]


EVENTS = [
    *ran("long", "21T23:00:00", "22T05:00:00"),
    *ran("quick", "22T01:59:30", "22T01:59:31"),
    *ran("early", "22T01:00:00", "22T01:58:59"),
    *ran("late", "22T02:01:01", "22T02:02:00"),
    *ran("elsewhere", "22T02:00:00", "22T02:00:01", target="host"),
    *denied("denied", "22T02:00:10"),
    *ran("endless", "22T01:30:00", identity="other"),
]


@pytest.fixture
async def questions(tmp_path: Path) -> Questions:
    store = Store.open(tmp_path / "journal.db", log="gw")
    await store.write(None, *EVENTS)
    await store.close()
    return Questions(tmp_path / "journal.db")


def names(sessions: list) -> list[str]:
    return [session.id for session in sessions]


async def test_who_ran_at_two(questions: Questions) -> None:
    window = around("2026-11-22T02:00:00Z", 60, 0)
    assert names(questions.who("db", window)) == ["long", "endless", "quick"]
    assert names(questions.who("db", window, attempts=True)) == ["denied"]
    assert names(questions.who("host", window)) == ["elsewhere"]
    assert questions.who("nowhere", window) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("21T23:59:59", "22T00:00:01", ["long"]),  # midnight
        ("21T22:00:00", "21T22:59:59", []),
        ("21T22:00:00", "21T23:00:00", ["long"]),
        ("22T05:00:00", "22T05:00:00", ["long", "endless"]),
        ("22T05:00:01", "22T06:00:00", ["endless"]),
        ("22T01:58:59", "22T01:58:59", ["long", "early", "endless"]),
    ],
)
async def test_a_command_counts_from_its_start_to_its_end(
    questions: Questions, start: str, end: str, expected: list[str]
) -> None:
    assert names(questions.who("db", Window(at(start), at(end)))) == expected


async def test_a_session_as_the_journal_tells_it(questions: Questions) -> None:
    found = questions.session("quick")
    assert found is not None
    assert (found.opened, found.started, found.ended) == (
        rfc3339(at("22T01:58:30")), rfc3339(at("22T01:59:30")), rfc3339(at("22T01:59:31")),
    )  # fmt: skip
    assert (found.login, found.serial, found.decision, found.code) == ("app", "7", "d", "a.b.c")
    assert (found.status, found.bytes, found.purpose) == (0, None, "")
    assert questions.session("none") is None


async def test_the_newest_sessions(questions: Questions) -> None:
    assert names(questions.sessions(limit=2)) == ["denied", "late"]
    assert names(questions.sessions(identity="other")) == ["endless"]
    assert names(questions.sessions(target="host", identity="ci")) == ["elsewhere"]


async def test_the_events_of_a_session_are_exact(questions: Questions) -> None:
    first = next(i for i, event in enumerate(EVENTS) if event.session == "denied")
    assert questions.events("denied") == [encode(EVENTS[i], log="gw", index=i) for i in (first, first + 1)]


async def test_tail(questions: Questions) -> None:
    assert [entry.body for entry in questions.tail(2)] == [
        encode(event, log="gw", index=index) for index, event in list(enumerate(EVENTS))[-2:]
    ]


async def test_following_waits_for_what_is_new(questions: Questions, tmp_path: Path) -> None:
    store = Store.open(tmp_path / "journal.db", log="gw")
    last = questions.tail(1)[0].place
    waits: list[int] = []
    entries = questions.follow(last - 1, lambda: waits.append(len(waits)) or (_ for _ in ()).throw(StopWatching))
    assert next(entries).place == last
    with pytest.raises(StopWatching):
        next(entries)
    await store.write(None, Event(Kind.SYSTEM_STOP, 1))
    entries = questions.follow(last, lambda: None)
    assert next(entries).body == encode(Event(Kind.SYSTEM_STOP, 1), log="gw", index=len(EVENTS))
    await store.close()


class StopWatching(Exception):
    pass


def test_no_journal(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Questions(tmp_path / "journal.db").sessions()


def counted(name: str, time: str, count: int) -> list[Event]:
    rows = [{"detector": "email", "action": "masked", "count": count, "bytes": 9, "distinct": 1, "shown": 0}]
    streams = {"stdout": {"scanned": 50, "counts": rows if count else []}}
    about = {"session": name, "connection": "c", "identity": "ada", "target": "db"}
    told = Event(Kind.MASK_COUNT, at(time), **about, data={"detectors": ["email"], "streams": streams})
    return [*ran(name, time, identity="ada"), told, Event(Kind.COMMAND_EXIT, at(time), **about, data={"status": 0})]


@pytest.mark.parametrize(
    ("start", "end", "sessions", "seen", "unseen"),
    [
        ("21T00:00:00", "23T00:00:00", ("one", "three"), 3, 1),
        ("22T02:00:00", "23T00:00:00", ("three",), 2, 1),  # the one that nobody saw end may still run
        ("22T01:00:00", "22T02:00:00", ("one",), 2, 0),
        ("21T00:00:00", "22T00:00:00", (), 0, 0),
    ],
)
async def test_whether_it_ever_happened(
    tmp_path: Path, start: str, end: str, sessions: tuple[str, ...], seen: int, unseen: int
) -> None:
    store = Store.open(tmp_path / "journal.db", log="gw")
    events = [
        *counted("one", "22T01:00:00", 2), *counted("two", "22T02:00:00", 0), *counted("three", "22T03:00:00", 1),
        *ran("plain", "22T02:30:00", identity="ada"), *ran("other", "22T02:30:00"), *denied("denied", "22T02:00:10"),
    ]  # fmt: skip
    await store.write(None, *events)
    await store.close()
    found = Questions(tmp_path / "journal.db").ever("ada", "email", Window(at(start), at(end)))
    assert (found.sessions, found.seen, found.unseen.sessions) == (sessions, seen, unseen)
    assert found.found == bool(sessions)


def indexed(name: str, time: str, *digests: bytes, identity: str = "ada", full: bool = False) -> list[Event]:
    stream = {"scanned": 50, "counts": [], "index": [digest.hex() for digest in digests], "full": full}
    about = {"session": name, "connection": "c", "identity": identity, "target": "db"}
    told = Event(Kind.MASK_COUNT, at(time), **about, data={"detectors": [], "streams": {"stdout": stream}})
    return [*ran(name, time, identity=identity), told, Event(Kind.COMMAND_EXIT, at(time), **about, data={"status": 0})]


async def test_whether_a_value_was_ever_read(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "journal.db", log="gw")
    mine, other, last = bytes(12), b"o" * 12, b"l" * 12
    events = [
        *indexed("one", "22T01:00:00", mine, other), *indexed("two", "22T02:00:00", other, full=True),
        *indexed("three", "22T03:00:00", mine, identity="ben"), *indexed("none", "22T03:10:00"),
        *counted("unindexed", "22T03:20:00", 1), *denied("denied", "22T02:00:10"),
    ]  # fmt: skip
    await store.write(None, *events)
    await store.close()
    questions, day = Questions(tmp_path / "journal.db"), Window(at("22T00:00:00"), at("23T00:00:00"))
    found = questions.value([last, mine], day)
    assert found == Value(
        found=True,
        readings=(
            Reading("one", "ada", "db", rfc3339(at("22T01:00:00"))),
            Reading("three", "ben", "db", rfc3339(at("22T03:00:00"))),
        ),
        seen=4,
        full=1,
        unseen=1,
    )
    assert [one.session for one in questions.value([mine], day, identity="ben").readings] == ["three"]
    assert questions.value([mine], Window(at("22T02:00:00"), at("22T02:30:00"))) == Value(found=False, seen=1, full=1)
    assert questions.value([last], day) == Value(found=False, seen=4, full=1, unseen=1)
    assert questions.value([last], Window(0, 1)) == Value(found=False)


def credential(kind: Kind, time: str, session: str, **data: object) -> Event:
    return Event(kind, at(time), session, "c", "d", "ci", "db", data)


@pytest.fixture
async def issued(tmp_path: Path) -> Questions:
    store = Store.open(tmp_path / "issued.db", log="gw")
    about = {"name": "ro", "provider": "postgres", "template": "t", "expires_ns": at("22T03:00:00")}
    cert = {"provider": "ssh-certificate", "subject": "app@db", "purpose": "run", "expires_ns": 0}
    await store.write(
        None,
        credential(Kind.CREDENTIAL_ISSUE, "22T02:00:00", "one", lease="l1", subject="r1", **about),
        credential(Kind.CREDENTIAL_ISSUE, "22T02:00:01", "one", lease="c1", serial="77", **cert),
        credential(Kind.CREDENTIAL_REVOKE, "22T02:00:09", "one", lease="l1", reason="ended", left=False),
        credential(Kind.CREDENTIAL_ISSUE, "22T04:00:00", "two", lease="l2", subject="r2", **about),
        credential(Kind.CREDENTIAL_USE, "22T04:00:01", "three", login="one"),
        credential(Kind.CREDENTIAL_USE, "22T04:00:01", "four", login="other"),
    )
    await store.close()
    return Questions(tmp_path / "issued.db")


@pytest.mark.parametrize(
    ("what", "leases"),
    [("l1", ["l1"]), ("r2", ["l2"]), ("ro", ["l1", "l2"]), ("77", ["c1"]), ("app@db", ["c1"]), ("", []), ("x", [])],
)
def test_who_had_a_credential(issued: Questions, what: str, leases: list[str]) -> None:
    window = Window(0, at("23T00:00:00"))
    assert [use.lease for use in issued.credential(what, window)] == leases


def test_who_had_it_when(issued: Questions) -> None:
    (use,) = issued.credential("ro", Window(0, at("22T03:00:00")))
    assert (use.session, use.revoked, use.shared) == ("one", "2026-11-22T02:00:09.000Z", ())
    (cert,) = issued.credential("77", Window(0, at("23T00:00:00")))
    assert cert.shared == ("three",)
