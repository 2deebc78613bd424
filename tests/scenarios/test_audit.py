"""What an auditor asks of a running site, and of a night that is long over."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.clock import parse_rfc3339
from jumphost.config.create import create_site
from jumphost.model.event import Event, Kind
from jumphost.store.sqlite import Store
from jumphost.testing.commands import run
from jumphost.testing.site import LiveSite


@pytest.fixture(scope="module")
def told(lab: LiveSite, deploy: Path) -> dict[str, str]:
    """One command that ran, as `session list` has it."""
    done = lab.ssh(deploy, "batch-host", "sh -c 'printf \"one\\ntwo\\n\"; echo three >&2; exit 4'")
    assert (done.returncode, done.stdout, done.stderr) == (4, b"one\ntwo\n", b"three\n")
    found: dict[str, str] = next(one for one in lab.json("session", "list") if "three" in one["command"])
    return found


def test_who_was_on_the_target_now(lab: LiveSite, told: dict[str, str]) -> None:
    answers = lab.json("audit", "who", "--target", "batch-host", "--at", told["started"])
    answer = next(one for one in answers if one["session"] == told["id"])
    assert (answer["identity"], answer["rule"], answer["status"]) == ("deploy-bot", "lab.sh.run", 4)
    assert answer["serial"]
    assert Path(answer["recording"]).is_file()
    elsewhere = lab.json("audit", "who", "--target", "payments-db", "--at", told["started"])
    assert told["id"] not in {one["session"] for one in elsewhere}


def test_show_tells_everything_in_its_order(lab: LiveSite, told: dict[str, str]) -> None:
    shown = lab.json("session", "show", told["id"])
    kinds = [event["kind"] for event in shown["events"]]
    assert kinds[:5] == ["session.open", "command.request", "command.decision", "recording.open", "command.start"]
    assert kinds[-3:] == ["command.exit", "recording.seal", "session.close"]
    assert (shown["identity"], shown["target"], shown["login"]) == ("deploy-bot", "batch-host", "batch")
    assert {event["session"] for event in shown["events"]} == {told["id"]}


def test_play_and_export(lab: LiveSite, told: dict[str, str]) -> None:
    played = lab.cli("session", "play", told["id"], "--speed", "100").stdout
    assert sorted(played.split()) == ["one", "three", "two"]
    assert lab.cli("session", "export", told["id"], "--format", "text").stdout == played
    cast = lab.cli("session", "export", told["id"]).stdout
    assert json.loads(cast.splitlines()[0])["version"] == 2
    views = [event for event in lab.events("view.replay") if event["session"] == told["id"]]
    assert len(views) == 3
    assert all(event["viewer"] for event in views)


def test_asciinema_plays_a_live_command(lab: LiveSite, told: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("asciinema", reason="pip install asciinema")
    cast = tmp_path / "session.cast"
    cast.write_text(lab.cli("session", "export", told["id"]).stdout)
    done = subprocess.run([sys.executable, "-m", "asciinema", "cat", str(cast)], capture_output=True, timeout=60)
    assert (done.returncode, sorted(done.stdout.split())) == (0, [b"one", b"three", b"two"])


# ── a night that is over ────────────────────────────────────────────────────────────────────────────────────────────


def session(name: str, identity: str, *moments: str, target: str = "payments-db") -> Iterator[Event]:
    """A session that opened, started and, where there is a third moment, ended."""
    about = {"session": name, "connection": "c", "identity": identity, "target": target}
    opened, started, *ended = (parse_rfc3339(f"2026-11-{moment}Z") for moment in moments)
    yield Event(Kind.SESSION_OPEN, opened, **about, data={"login": "app", "serial": "7", "source": "192.0.2.7"})
    yield Event(Kind.COMMAND_DECISION, started, decision="d", **about, data={"effect": "allow", "code": "a.b.c"})
    yield Event(Kind.COMMAND_START, started, decision="d", **about)
    for end in ended:
        yield Event(Kind.COMMAND_EXIT, end, **about, data={"status": 0, "outcome": "exited"})


@pytest.fixture
async def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(site.root))
    store = Store.open(site.journal_db, log="gw")
    nightly = session("nightly", "backup-job", "21T23:30:00", "21T23:30:01", "22T00:45:00")
    evening = session("evening", "deploy-bot", "21T22:00:00", "21T22:00:01", "21T22:10:00")
    morning = session("morning", "order-service", "22T01:58:00", "22T02:00:30", "22T02:00:31")
    other = session("other", "batch-reader", "21T23:59:00", "21T23:59:30", "22T00:01:00", target="batch-host")
    for events in (nightly, evening, morning, other):
        await store.write(None, *events)
    await store.close()


@pytest.mark.parametrize(
    ("question", "sessions"),
    [
        (["--at", "2026-11-22T00:00:00Z"], ["nightly"]),
        (["--at", "2026-11-22T01:00:00+01:00"], ["nightly"]),  # the same midnight, as it is called in Berlin
        (["--at", "2026-11-22T02:00:00Z"], ["morning"]),
        (["--at", "2026-11-22T02:00:00Z", "--margin", "0"], []),
        (["--at", "2026-11-22T00:45:30Z"], ["nightly"]),
        (["--at", "2026-11-22T00:46:30Z"], []),
        (["--from", "2026-11-21T22:05:00Z", "--to", "2026-11-22T02:00:30Z"], ["evening", "nightly", "morning"]),
        (["--from", "2026-11-21T23:59:59Z", "--to", "2026-11-22T00:00:01Z"], ["nightly"]),
        (["--from", "2026-11-21T22:11:00Z", "--to", "2026-11-21T23:29:00Z"], []),
    ],
)
def test_who_was_on_payments_across_midnight(night: None, question: list[str], sessions: list[str]) -> None:
    answer = run("audit", "who", "--target", "payments-db", *question, "--json")
    assert [one["session"] for one in answer.json] == sessions


def test_the_answer_is_for_people_too(night: None) -> None:
    text = run("audit", "who", "--target", "payments-db", "--at", "2026-11-22T00:00:00Z").out
    assert "1 ran" in text
    for part in ("backup-job", "a.b.c", "192.0.2.7"):
        assert part in text
