import asyncio
from pathlib import Path
from typing import Any

import pytest

from jumphost.cli import session as cli
from jumphost.clock import new_id
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused
from jumphost.gateway import control
from jumphost.model.event import Event, Kind
from jumphost.recording.asciicast import STDERR, STDOUT
from jumphost.recording.writer import Recording, Seal
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock
from jumphost.testing.commands import run

CLOCK = ManualClock()
RAN, DENIED = new_id(CLOCK), new_id(CLOCK)
UNSEEN = "jumphost: no gateway runs here, so this view is not journalled\n"


def recorded(site: Site) -> Seal:
    recording = Recording.open(
        site.recordings, session=RAN, clock=CLOCK, max_bytes=1 << 20, level="output", command="ls"
    )
    recording.output(b"one\n\x1b]0;title\x07", STDOUT)
    recording.output(b"two\xff\n", STDERR)
    recording.exit(0)
    return recording.close()


@pytest.fixture
async def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site")
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    seal = recorded(made)
    about: dict[str, Any] = {"connection": "c", "identity": "ci", "target": "db"}
    start = {"recording": str(seal.path.relative_to(made.recordings))}
    store = Store.open(made.journal_db, log="gw")
    await store.write(
        None,
        Event(Kind.SESSION_OPEN, CLOCK.now_ns(), RAN, **about, data={"login": "app", "operation": "exec"}),
        Event(
            Kind.COMMAND_DECISION, CLOCK.now_ns(), RAN, **about, decision="d1", data={"code": "a.b.c", "command": "ls"}
        ),
        Event(Kind.COMMAND_START, CLOCK.now_ns(), RAN, **about, data=start),
        Event(Kind.COMMAND_EXIT, CLOCK.now_ns(), RAN, **about, data={"status": 3, "outcome": "exited"}),
        Event(Kind.SESSION_OPEN, CLOCK.now_ns() + 1, DENIED, **about),
        Event(
            Kind.COMMAND_DECISION, CLOCK.now_ns() + 1, DENIED, **about, data={"effect": "deny", "command": "rm \x1b[2J"}
        ),
    )
    await store.close()
    return made


def test_list_shows_the_newest_first_and_escapes(site: Site) -> None:
    ran = run("session", "list")
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert [line.split()[0] for line in lines] == ["at", "2026-11-22T02:00:00.000Z", "2026-11-22T02:00:00.000Z"]
    assert lines[1].split()[1:] == [DENIED, "ci", "db", "deny", "rm", r"\x1b[2J"]
    assert lines[2].split()[1:] == [RAN, "ci", "db+app", "a.b.c", "exit", "3", "ls"]


def test_list_as_json(site: Site) -> None:
    assert [row["id"] for row in run("session", "list", "--json").json] == [DENIED, RAN]
    assert [row["id"] for row in run("session", "list", "--json", "--limit", 1).json] == [DENIED]
    assert run("session", "list", "--json", "--identity", "other").json == []
    assert run("session", "list", "--target", "other").out == "no sessions\n"


def test_show(site: Site) -> None:
    ran = run("session", "show", RAN)
    assert ran.status == 0
    words = [line.split() for line in ran.out.splitlines()]
    assert ["login", "app"] in words
    assert ["2026-11-22T02:00:00.000Z", "command.exit"] in words
    shown = run("session", "show", RAN, "--json").json
    assert (shown["decision"], shown["status"]) == ("d1", 3)
    assert [event["kind"] for event in shown["events"]] == [
        "session.open", "command.decision", "command.start", "command.exit",
    ]  # fmt: skip


def test_export_as_it_is(site: Site) -> None:
    ran = run("session", "export", RAN)
    [path] = site.recordings.rglob("*.cast")
    assert (ran.status, ran.out.encode(), ran.err) == (0, path.read_bytes(), UNSEEN)


@pytest.mark.parametrize("command", [("export", "--format", "text"), ("play",)])
def test_text_controls_no_terminal(site: Site, command: tuple[str, ...]) -> None:
    ran = run("session", *command, RAN)
    assert ran.out == "one\n\\x1b]0;title\\x07two\\xff\n"


def test_play_raw(site: Site) -> None:
    assert run("session", "play", RAN, "--raw").out == "one\r\n\x1b]0;title\x07two\ufffd\r\n"


def test_play_keeps_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr(cli, "play", lambda frames, write, sleep, **options: given.update(options))
    run("session", "play", RAN, "--speed", 4, "--idle-limit", 1)
    assert given == {"speed": 4.0, "idle_limit": 1.0}


def test_play_is_left_with_control_c(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "play", leave)
    assert run("session", "play", RAN).status == 0


@pytest.mark.parametrize("verb", ["show", "play", "export"])
def test_no_such_session(site: Site, verb: str) -> None:
    ran = run("session", verb, "none")
    assert (ran.status, ran.err) == (2, "jumphost: got no session 'none': see `jumphost session list`\n")


def test_no_recording(site: Site) -> None:
    ran = run("session", "play", DENIED)
    assert (ran.status, ran.err) == (2, f"jumphost: session {DENIED} has no recording: deny\n")


def test_a_recording_that_is_gone(site: Site) -> None:
    [path] = site.recordings.rglob("*.cast")
    path.unlink()
    ran = run("session", "play", RAN)
    assert ran.status == 70
    assert "cannot be replayed: No such file or directory" in ran.err


def test_no_journal_yet(tmp_path: Path) -> None:
    site = create_site(tmp_path / "empty")
    ran = run("session", "list", "--site", site.root)
    assert (ran.status, ran.out) == (69, "")
    assert "journal.unavailable" in ran.err


def test_recordings_lie_where_the_settings_say(site: Site) -> None:
    assert cli.recordings(site) == site.recordings
    site.settings.write_text(site.settings.read_text() + "\nrecording: {path: /srv/casts}\n")
    assert cli.recordings(site) == Path("/srv/casts")


async def test_a_gateway_learns_who_looks_before_it_is_seen(site: Site) -> None:
    views: list[dict[str, Any]] = []

    async def note(args: dict[str, Any]) -> None:
        views.append(args)

    async def refuse(args: dict[str, Any]) -> None:
        raise Refused(Code.REQUEST_INVALID, "not you")

    async with await control.serve(site.control_socket, {"view.replay": note}):
        ran = await asyncio.to_thread(run, "session", "play", RAN)
    assert (ran.status, ran.err) == (0, "")
    assert [view["session"] for view in views] == [RAN]
    assert views[0]["viewer"]

    async with await control.serve(site.control_socket, {"view.replay": refuse}):
        ran = await asyncio.to_thread(run, "session", "play", RAN)
    assert (ran.status, ran.out) == (65, "")


@pytest.mark.parametrize(
    ("known", "word"),
    [
        ({}, "open"),
        ({"status": 0}, "exit 0"),
        ({"effect": "hold"}, "hold"),
        ({"started": "t"}, "running"),
        ({"started": "t", "status": 3, "outcome": "exited"}, "exit 3"),
        ({"started": "t", "status": 0, "signal": "TERM", "outcome": "exited"}, "SIGTERM"),
        ({"started": "t", "status": 77, "outcome": "limit_time"}, "limit_time"),
        ({"started": "t", "outcome": "unknown"}, "unknown"),
    ],
)
def test_how_it_ended_in_a_word(known: dict[str, Any], word: str) -> None:
    assert cli.result(cli.Session(id="s", connection="c", identity="ci", target="db", opened="t", **known)) == word
