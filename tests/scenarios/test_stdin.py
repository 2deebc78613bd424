"""Standard input that is judged, as a batch job, its approvers and an auditor see it."""

import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jumphost.testing.site import LiveSite, open_folder

JUDGE = {"JUMPHOST_PURPOSE": "judge"}
HELD = {"JUMPHOST_PURPOSE": "judge held"}


def run(
    lab: LiveSite, key: Path, command: str, stdin: bytes, env: dict[str, str] = JUDGE
) -> "subprocess.CompletedProcess[bytes]":
    return lab.ssh(key, "batch-host", command, env=env, stdin=stdin)


def last(lab: LiveSite) -> dict[str, Any]:
    return lab.events("command.decision")[-1]


@pytest.mark.parametrize("shell", ["sh", "sh -s", "bash -s", "bash"])
def test_a_script_that_was_judged_runs(lab: LiveSite, deploy: Path, shell: str) -> None:
    done = run(lab, deploy, shell, b"echo one\necho two; exit 3\n")
    assert (done.returncode, done.stdout, done.stderr) == (3, b"one\ntwo\n", b"")
    assert last(lab)["stdin"] == {
        "as": "code",
        "bytes": 26,
        "sha256": hashlib.sha256(b"echo one\necho two; exit 3\n").hexdigest(),
    }


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (b"rm -rf /srv/data\n", "lab.stdin.rm"),
        (b"df\necho x && /bin/rm x\n", "lab.stdin.rm"),
        (b"echo $(id)\n", "command.unparsed"),
        (b"# a comment\necho x\n", "command.unparsed"),
        (b"alias x=rm\n", "command.unparsed"),
        (b"sh\nrm x\n", "lab.stdin.rm"),
        (b"echo \xff\n", "command.unparsed"),
        (b"", "command.unparsed"),
    ],
)
def test_a_script_that_does_more_than_it_may_reaches_no_target(
    lab: LiveSite, deploy: Path, script: bytes, code: str
) -> None:
    log = lab.root.parent / "target/batch-host/log"
    before = log.read_text().count("Accepted") if log.exists() else 0
    done = run(lab, deploy, "bash -s", script)
    assert (done.returncode, done.stdout) == (77, b"")
    assert done.stderr.startswith(f"jumphost: denied {code}: ".encode())
    assert (log.read_text().count("Accepted") if log.exists() else 0) == before


@pytest.mark.parametrize("size", [0, 1, 100_000, 1 << 20])
def test_data_arrives_whole(lab: LiveSite, deploy: Path, size: int) -> None:
    data = (bytes(range(256)) * 4096)[:size]
    done = run(lab, deploy, "sha256sum", data)
    assert done.stdout.split()[:1] == [hashlib.sha256(data).hexdigest().encode()]
    assert last(lab)["stdin"]["as"] == "data"


def test_a_byte_too_many(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, "sha256sum", b"x" * ((1 << 20) + 1))
    assert (done.returncode, done.stdout) == (77, b"")
    assert b"jumphost: denied limit.stdin: got more than 1048576 bytes of standard input" in done.stderr


@pytest.fixture
def client() -> Iterator[str]:
    """A reader of SQL on the target that answers with what it got."""
    with open_folder() as folder:
        path = folder / "psql"
        path.write_text("#!/bin/sh\nexec sed 's/^/got /'\n")
        path.chmod(0o755)
        yield str(path)


def test_sql_that_people_approved_runs(lab: LiveSite, deploy: Path, client: str) -> None:
    query = b"select 1;\nselect 2;\n"
    denied = run(lab, deploy, f"{client} -X", b"\\! id\n")
    assert (denied.returncode, b"command.unparsed" in denied.stderr) == (77, True)
    assert run(lab, deploy, f"{client} -X", query, {**HELD, "JUMPHOST_WAIT": "0"}).returncode == 75
    hold = lab.hold()
    assert hold["command"].endswith("\nselect 1;\nselect 2;\n")
    assert "standard input, taken for sql: 20 bytes, sha256 " in hold["command"]
    lab.answer("approve", hold["id"], "alice")
    other = run(lab, deploy, f"{client} -X", query.replace(b"2", b"3"), {**HELD, "JUMPHOST_WAIT": "0"})
    assert (other.returncode, other.stdout) == (75, b"")
    [more] = [one for one in lab.json("approval", "list") if one["state"] == "pending"]
    assert more["request_digest"] != hold["request_digest"]
    lab.cli("approval", "withdraw", more["id"])
    assert run(lab, deploy, f"{client} -X", query, HELD).stdout == b"got select 1;\ngot select 2;\n"


def test_a_held_script_waits_in_memory_and_runs_once(lab: LiveSite, deploy: Path, mark: Path) -> None:
    script = f"echo ran >> {mark}\nfor one in a b; do echo $one; done\n".encode()
    caller = lab.ssh_started(deploy, "batch-host", "sh -s", env=HELD, stdin=subprocess.PIPE)
    assert caller.stdin is not None
    caller.stdin.write(script)
    caller.stdin.close()
    hold = lab.hold()
    assert script.decode() in hold["command"]
    assert "for one in a b" in lab.cli("approval", "show", hold["id"]).stdout
    lab.answer("approve", hold["id"], "alice")
    assert caller.stdout is not None
    assert (caller.stdout.read(), caller.wait(timeout=60), mark.read_text()) == (b"a\nb\n", 0, "ran\n")
    caller.stdout.close()
    assert caller.stderr is not None
    caller.stderr.close()


def test_the_recording_has_what_was_judged(lab: LiveSite, deploy: Path) -> None:
    run(lab, deploy, "sh -s", b"echo in-the-recording\n")
    decision = last(lab)["decision"]
    [session] = [one for one in lab.json("session", "list") if one["decision"] == decision]
    lines = (lab.root / "recordings" / session["recording"]).read_text().splitlines()
    events = [json.loads(line) for line in lines[1:]]
    assert [event[2] for event in events if event[1] == "i"] == ["echo in-the-recording\n"]
    assert [event[1] for event in events].index("i") < [event[1] for event in events].index("o")


def test_a_dry_run_judges_it(lab: LiveSite, deploy: Path) -> None:
    dry = {**JUDGE, "JUMPHOST_DRY_RUN": "1"}
    assert run(lab, deploy, "sh -s", b"echo ran\n", dry).returncode == 0
    done = run(lab, deploy, "sh -s", b"rm x\n", dry)
    assert (done.returncode, b"lab.stdin.rm" in done.stderr) == (77, True)


def test_code_is_never_streamed(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, "sh -s", b"echo ran\n", {"JUMPHOST_PURPOSE": "stream"})
    assert (done.returncode, done.stdout) == (77, b"")
    assert b"jumphost: denied stdin.unjudged: the command takes standard input for code" in done.stderr


def test_each_command_of_a_connection_has_its_own_input(lab: LiveSite, deploy: Path) -> None:
    import asyncio

    import asyncssh

    async def talk() -> list[str]:
        async with asyncssh.connect(
            "127.0.0.1", lab.port, username="batch-host", client_keys=[str(deploy)], known_hosts=None, config=None
        ) as connection:
            given = [f"echo {number}\n" for number in range(8)]
            done = await asyncio.gather(*(connection.run("sh -s", input=one, env=JUDGE) for one in given))
            return [str(one.stdout) for one in done]

    assert asyncio.run(talk()) == [f"{number}\n" for number in range(8)]
