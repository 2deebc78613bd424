"""A tool that is kept beside the gateway: a batch job runs it there, in a sandbox."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from jumphost.target import lineage, sandbox
from jumphost.testing.sandboxes import why_not
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")

RULE = """
_applies if {
	input.target.kind == "process"
	"deploy" in input.identity.groups
	command.plain(input.command)
}

_terms := {
	"": {},
	"stream": {"stdin": "stream"},
	"masked": {"mask": {"detectors": {"*": "redact"}}},
	"short": {"limits": {"timeout_s": 1}},
}

allow contains verdict if {
	_applies
	obligations := _terms[input.purpose]
	verdict := result.allow("lab.here.run", "runs beside the gateway", obligations)
}

hold contains verdict if {
	_applies
	input.purpose == "held"
	verdict := result.hold("lab.here.hold", "asks a dba", [{"groups": ["dba"], "count": 1, "ttl_s": 3600}], {})
}
"""


@pytest.fixture(scope="module")
def here() -> Iterator[LiveSite]:
    """A running site with a target of kind process."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as site:
        site.write_rule("lab", "here", RULE)
        site.write_settings(policy={"deadline_ms": 2000}, hold={"status_interval": 1})
        site.cli("target", "add", "tools", "--kind", "process", "--login", "app", "--label", "env=dev")
        site.start()
        yield site


@pytest.fixture(scope="module")
def deploy(here: LiveSite) -> Path:
    return here.key("deploy-bot", "--ttl", "15m")


def run(
    here: LiveSite, key: Path, command: str, purpose: str = "", stdin: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    return here.ssh(key, "tools", command, env={"JUMPHOST_PURPOSE": purpose} if purpose else {}, stdin=stdin)


def recording(here: LiveSite, session: str) -> str:
    (path,) = (here.root / "recordings").rglob(f"{session}.cast")
    return path.read_text()


def last(here: LiveSite, kind: str) -> dict[str, Any]:
    return here.events(kind)[-1]


def test_an_allowed_command_runs_in_the_sandbox(here: LiveSite, deploy: Path) -> None:
    done = run(here, deploy, "cat /etc/passwd")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"app:x:1000:1000::/home/app:/bin/sh" in done.stdout
    assert run(here, deploy, "ls /nonexistent").returncode == 2


def test_it_is_recorded_and_journalled_with_its_kind(here: LiveSite, deploy: Path) -> None:
    run(here, deploy, "echo twenty-two")
    started = last(here, "command.start")
    assert (started["target"], started["target_kind"]) == ("tools", "process")
    assert "twenty-two" in recording(here, started["session"])
    assert last(here, "command.exit")["status"] == 0
    assert [one for one in here.events("credential.issue") if one["target"] == "tools"] == []


def test_the_signer_noted_it_first(here: LiveSite, deploy: Path) -> None:
    run(here, deploy, "echo noted")
    record = json.loads((here.root / "signer/log.jsonl").read_text().splitlines()[-1])
    assert (record["kind"], record["principal"]) == ("process", "app@tools")
    assert "noted" in record["line"]
    assert record["decision"] == last(here, "command.start")["decision"]


def test_a_denied_command_does_not_run(here: LiveSite, deploy: Path) -> None:
    before = len(here.events("command.start"))
    done = run(here, deploy, "cat /etc/shadow")
    assert (done.returncode, done.stdout) == (77, b"")
    assert len(here.events("command.start")) == before


def test_the_site_is_not_there(here: LiveSite, deploy: Path) -> None:
    done = run(here, deploy, f"ls {here.root} {here.root}/run/control.sock")
    assert (done.returncode, done.stdout) == (2, b"")


def test_output_is_masked_for_caller_and_recording(here: LiveSite, deploy: Path) -> None:
    done = run(here, deploy, "echo 4111111111111111", "masked")
    assert done.stdout == b"*" * 16 + b"\n"
    assert "4111111111111111" not in recording(here, last(here, "command.start")["session"]).partition("\n")[2]


def test_streamed_input_and_a_large_output_arrive_whole(here: LiveSite, deploy: Path) -> None:
    data = bytes(range(256)) * 8192
    assert run(here, deploy, "cat", "stream", stdin=data).stdout == data


def test_a_held_command_runs_once_it_is_approved(here: LiveSite, deploy: Path) -> None:
    waiting = here.ssh_started(deploy, "tools", "echo approved", env={"JUMPHOST_PURPOSE": "held"})
    here.answer("approve", here.hold()["id"], "alice")
    out, _ = waiting.communicate(timeout=60)
    assert (waiting.returncode, out) == (0, b"approved\n")


def test_a_limit_of_time_stops_it(here: LiveSite, deploy: Path) -> None:
    done = run(here, deploy, "sleep 1000", "short")
    assert (done.returncode, b"cut limit.time" in done.stderr) == (77, True)
    cut = last(here, "command.cut")
    assert cut["left"] is False
    assert lineage.marked(*sandbox.mark(cut["session"])) == []


def test_a_caller_who_leaves_stops_it(here: LiveSite, deploy: Path) -> None:
    running = here.ssh_started(deploy, "tools", "sleep 1000")
    before = len(here.events("command.cut"))
    started = here.wait_for("a start", lambda: next(iter(here.events("command.start")[-1:]), None))
    here.wait_for("a sandbox", lambda: lineage.marked(*sandbox.mark(last(here, "command.start")["session"])))
    running.kill()
    running.communicate()
    here.wait_for("a cut", lambda: len(here.events("command.cut")) > before)
    assert started
    assert (last(here, "command.cut")["outcome"], last(here, "command.cut")["left"]) == ("caller_gone", False)


def test_a_gateway_that_is_killed_leaves_nothing(here: LiveSite, deploy: Path) -> None:
    running = here.ssh_started(deploy, "tools", "sleep 1000")
    here.wait_for("a sandbox", lambda: lineage.marked(*sandbox.mark(last(here, "command.start")["session"])))
    session = last(here, "command.start")["session"]
    assert here.process is not None
    here.process.kill()
    here.killed()
    running.communicate(timeout=60)
    here.wait_for("its end", lambda: not lineage.marked(*sandbox.mark(session)))
    here.start()
    stopped = here.wait_for("the look", lambda: next(iter(here.events("command.stop")), None))
    assert (stopped["session"], stopped["left"]) == (session, False)


def test_a_gateway_does_not_start_where_there_can_be_no_sandbox(here: LiveSite) -> None:
    here.stop()
    path = here.root / "targets.yaml"
    before = path.read_text()
    entries = yaml.safe_load(before)
    entries["tools"]["sandbox"] = {"read": ["/opt/nonexistent"]}
    path.write_text(yaml.safe_dump(entries))
    try:
        done = here.cli("serve", check=False)
        assert done.returncode != 0
        assert "tools: the sandbox cannot be made: /opt/nonexistent of sandbox.read cannot be read" in done.stderr
    finally:
        path.write_text(before)
        here.start()
