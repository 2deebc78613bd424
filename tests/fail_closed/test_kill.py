"""kill -9 at every step of a session: no command runs twice, none without a durable allow, and the next start says what
is known and what is not."""

import hashlib
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jumphost.audit.questions import Questions, Session
from jumphost.recording.replay import Cast
from jumphost.testing.killed_at import ALLOWED
from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh, open_folder

NOTHING_RUNS = ALLOWED[: ALLOWED.index("committed")]  # before the allow is durable
NOTHING_RAN = ("committed", "minting", "minted", "starting")  # durable, and no target was logged in to
RAN = ALLOWED[ALLOWED.index("running") :]
ENDED = ("closed", "told")  # the journal knows how
QUICK = ("recorded", "minted", "running", "sealing")  # one of each kind; `make test-long` runs all


def steps(names: Iterable[str]) -> list[Any]:
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.long) for name in names]


@pytest.fixture(scope="module")
def crashing() -> Iterator[LiveSite]:
    """A site whose gateway each test starts and kills."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        site.stop()
        site.write_settings(policy={"engine": "embedded", "deadline_ms": 2000})  # there are many starts to come
        yield site


@pytest.fixture(scope="module")
def caller(crashing: LiveSite) -> Path:
    return crashing.key("deploy-bot", "--ttl", "15m")


@pytest.fixture
def mark() -> Iterator[Path]:
    with open_folder() as folder:
        folder.chmod(0o777)
        yield folder / "mark"


@pytest.fixture
def served(crashing: LiveSite) -> Iterator[LiveSite]:
    yield crashing
    crashing.stop()


def kill_at(
    site: LiveSite, step: str, caller: Path, command: str, *, until: Callable[[], bool] = lambda: True, **env: str
) -> "subprocess.CompletedProcess[bytes]":
    """One command against a gateway that ends at a step of it; then, once ``until`` holds, one that does not."""
    site.start("-m", "jumphost.testing.killed_at", step)
    done = site.ssh(caller, "batch-host", command, env=env)
    assert site.killed() == -signal.SIGKILL
    site.wait_for("what the command does by itself", until)
    site.start()
    return done


def script(mark: Path) -> str:
    return f"sh -c 'echo ran >> {mark}; echo done'"


def runs(mark: Path) -> int:
    return mark.read_text().count("ran\n") if mark.exists() else 0


def told(site: LiveSite, command: str) -> tuple[Session | None, list[dict[str, Any]]]:
    """What the journal says of the session that was killed, and the events that say it."""
    questions = Questions(site.site.journal_db)
    mark = command.partition(">> ")[2].partition(";")[0]
    session = next((one for one in questions.sessions() if mark in one.command), None)
    return session, [msgspec.json.decode(body) for body in questions.events(session.id)] if session else []


def known(site: LiveSite) -> set[str]:
    """The recordings that the journal holds the seal of."""
    return {session.recording for session in Questions(site.site.journal_db).sessions(limit=1000) if session.sha256}


def check_recording(site: LiveSite, events: list[dict[str, Any]]) -> None:
    """The recording is whole, it is what was sealed, and it can be played."""
    [seal] = [event for event in events if event["kind"] in ("recording.seal", "recording.recovered")]
    name = next(event["recording"] for event in events if event["kind"] == "recording.open")
    content = (site.root / "recordings" / name).read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (seal["bytes"], seal["sha256"])
    assert list(Cast(site.root / "recordings" / name).events())[-1].code == "x"


@pytest.mark.parametrize("step", steps(NOTHING_RUNS))
def test_killed_before_the_allow_is_durable_nothing_runs(served: LiveSite, caller: Path, mark: Path, step: str) -> None:
    command = script(mark)
    assert kill_at(served, step, caller, command).returncode == 255
    assert told(served, command) == (None, [])
    sealed = {event["recording"] for event in served.events("recording.recovered")}
    recordings = served.root / "recordings"
    assert {str(path.relative_to(recordings)) for path in recordings.rglob("*.cast")} <= sealed | known(served)
    assert served.ssh(caller, "batch-host", command).stdout == b"done\n"
    assert runs(mark) == 1


@pytest.mark.parametrize("step", steps(NOTHING_RAN))
def test_killed_before_the_login_nothing_ran_and_the_outcome_is_unknown(
    served: LiveSite, caller: Path, mark: Path, step: str
) -> None:
    command = script(mark)
    assert kill_at(served, step, caller, command).returncode == 255
    session, events = told(served, command)
    assert session is not None
    assert (session.effect, session.outcome, session.status) == ("allow", "unknown", None)
    check_recording(served, events)
    assert runs(mark) == 0


@pytest.mark.parametrize("step", steps(RAN))
def test_killed_after_the_login_it_ran_once_and_the_journal_knows_no_more_than_it_saw(
    served: LiveSite, caller: Path, mark: Path, step: str
) -> None:
    command = script(mark)
    kill_at(served, step, caller, command, until=lambda: runs(mark) == 1)
    session, events = told(served, command)
    assert session is not None
    assert session.outcome == ("exited" if step in ENDED else "unknown")
    kinds = [event["kind"] for event in events]
    assert kinds.index("command.decision") < kinds.index("command.start") < kinds.index("session.close")
    check_recording(served, events)
    assert runs(mark) == 1


@pytest.mark.parametrize("step", steps(["committing", "committed", "running"]))
def test_an_approval_is_used_once_whatever_is_killed(served: LiveSite, caller: Path, mark: Path, step: str) -> None:
    command, held = script(mark), {"JUMPHOST_PURPOSE": "held"}
    served.start("-m", "jumphost.testing.killed_at", step)
    waiting = served.ssh_started(caller, "batch-host", command, env=held)
    hold = served.hold()["id"]
    served.answer("approve", hold, "alice", check=False)
    waiting.communicate(timeout=60)
    assert served.killed() == -signal.SIGKILL
    served.start()
    ran_before = step == "running"
    again = served.ssh(caller, "batch-host", command, env={**held, "JUMPHOST_WAIT": "0"})
    if step == "committing":  # the approval was not used up
        assert (again.returncode, again.stdout) == (0, b"done\n")
    else:
        assert again.returncode == 75
        new = served.hold()["id"]
        assert new != hold
        served.cli("approval", "withdraw", new)
    served.wait_for("the command", lambda: runs(mark) == (1 if ran_before or step == "committing" else 0))


def test_held_ones_are_kept(served: LiveSite, caller: Path, mark: Path) -> None:
    command, held = script(mark), {"JUMPHOST_PURPOSE": "held"}
    assert kill_at(served, "held", caller, command, **held).returncode == 255
    hold = served.hold()["id"]
    session, _ = told(served, command)
    assert session is not None
    assert (session.hold, session.outcome) == (hold, "interrupted")
    served.answer("approve", hold, "alice")
    assert served.ssh(caller, "batch-host", command, env=held).stdout == b"done\n"
    assert runs(mark) == 1
