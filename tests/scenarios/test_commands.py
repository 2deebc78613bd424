"""What a batch job sees: stock ssh through the gateway to a real target."""

import json
import subprocess
from pathlib import Path

import pytest

from jumphost.testing.lab import SCRIPT
from jumphost.testing.site import LiveSite


def run(
    lab: LiveSite, key: Path, script: str, purpose: str = "", **more: object
) -> "subprocess.CompletedProcess[bytes]":
    env = {"JUMPHOST_PURPOSE": purpose} if purpose else {}
    env.update(more.pop("env", {}))  # type: ignore[call-overload]
    return lab.ssh(key, "batch-host", f"{SCRIPT} '{script}'", env=env, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [0, 1, 7, 65, 75, 77, 124, 127, 254, 255])
def test_exit_status_is_the_commands_own(lab: LiveSite, deploy: Path, status: int) -> None:
    done = run(lab, deploy, f"exit {status}")
    assert (done.returncode, done.stdout, done.stderr) == (status, b"", b"")


def test_streams_are_apart_and_exact(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, 'printf "a\\000\\377b"; printf "c\\r\\n" >&2')
    assert (done.stdout, done.stderr) == (b"a\0\xffb", b"c\r\n")


def test_death_by_signal_shows_as_it_does_without_us(lab: LiveSite, deploy: Path) -> None:
    alone = subprocess.run(["sh", "-c", "sh -c 'kill -KILL $$'"], capture_output=True)
    done = run(lab, deploy, "kill -KILL $$")
    assert (done.returncode, done.stderr) == (255 if alone.returncode < 0 else alone.returncode, alone.stderr)


def test_closed_stdin_is_empty_and_what_came_is_named(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, "cat; echo end", stdin=b"x" * 10)
    assert done.stdout == b"end\n"
    assert b"jumphost: note stdin.closed: 10 bytes of standard input were dropped" in done.stderr


def test_streamed_stdin_arrives_whole(lab: LiveSite, deploy: Path) -> None:
    data = bytes(range(256)) * 8192
    done = run(lab, deploy, "cat", "stream", stdin=data)
    assert done.stdout == data


def test_granted_environment_arrives_and_nothing_else(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, "env", "lang", env={"LANG": "de_DE.UTF-8", "LD_PRELOAD": "/tmp/x.so"})
    names = {line.split(b"=")[0] for line in done.stdout.splitlines()}
    assert b"LANG=de_DE.UTF-8" in done.stdout.splitlines()
    assert names <= {b"HOME", b"USER", b"LOGNAME", b"PATH", b"LC_ALL", b"JUMPHOST_REQUEST", b"LANG", b"PWD", b"_"}


def test_ungranted_environment_does_not_arrive(lab: LiveSite, deploy: Path) -> None:
    assert b"de_DE" not in run(lab, deploy, "env", env={"LANG": "de_DE.UTF-8"}).stdout


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("sh -c 'exit 0' > /tmp/out", "policy.no_rule"),
        ("cat /etc/hostname", "policy.no_rule"),
        ("cat $(ls)", "policy.no_rule"),
        ("cat $((x))", "command.unparsed"),
        ("cat /etc/shadow", "security.secret_files.named"),
        ("rm -rf /", "security.wipe.tree"),
    ],
)
def test_denied_says_why_and_reaches_no_target(lab: LiveSite, deploy: Path, command: str, code: str) -> None:
    log = lab.root.parent / "target/batch-host/log"
    before = log.read_text().count("Accepted") if log.exists() else 0
    done = lab.ssh(deploy, "batch-host", command)
    assert done.returncode == 77
    assert done.stderr.startswith(f"jumphost: denied {code}: ".encode())
    assert done.stdout == b""
    assert (log.read_text().count("Accepted") if log.exists() else 0) == before


def test_unknown_and_forbidden_targets_look_the_same(lab: LiveSite) -> None:
    scoped = lab.key("deploy-bot", "--scope", "exec:batch-host")
    lines = [lab.ssh(scoped, where, "sh -c true").stderr.split(b" (")[0] for where in ("payments-db", "no-such-target")]
    assert lines[0] == lines[1]
    assert lines[0].startswith(b"jumphost: denied target.unavailable: ")


def test_login_outside_the_scope(lab: LiveSite) -> None:
    scoped = lab.key("deploy-bot", "--scope", "exec:batch-host:batch")
    assert lab.ssh(scoped, "batch-host+batch", "sh -c true").returncode == 0
    done = lab.ssh(scoped, "batch-host+app", "sh -c true")
    assert (done.returncode, b"identity.out_of_scope" in done.stderr) == (77, True)


def test_another_login_of_the_target(lab: LiveSite, deploy: Path) -> None:
    assert lab.ssh(deploy, "batch-host+app", "sh -c id").stdout.split(b"(")[1].startswith(b"app")


def test_forced_command_is_what_is_judged(lab: LiveSite) -> None:
    forced = lab.key("deploy-bot", "--force-command", "sh -c 'echo forced'")
    assert lab.ssh(forced, "batch-host", "cat /etc/shadow").stdout == b"forced\n"


def test_whoami(lab: LiveSite, deploy: Path) -> None:
    done = lab.ssh(deploy, "jumphost", "whoami")
    assert json.loads(done.stdout)["name"] == "deploy-bot"
    assert lab.ssh(deploy, "jumphost", "shutdown").returncode == 65


def test_dry_run_judges_and_runs_nothing(lab: LiveSite, deploy: Path, tmp_path: Path) -> None:
    dry = {"JUMPHOST_DRY_RUN": "1"}
    allowed = run(lab, deploy, "echo ran", env=dry)
    assert (allowed.returncode, allowed.stdout) == (0, b"")
    assert allowed.stderr.startswith(b"jumphost: allowed lab.sh.run: runs a script (decision ")
    held = run(lab, deploy, "echo ran", "held", env=dry)
    assert (held.returncode, held.stderr.startswith(b"jumphost: held lab.sh.hold: ")) == (75, True)
    assert lab.json("approval", "list") == []
    assert lab.ssh(deploy, "batch-host", "cat /etc/shadow", env=dry).returncode == 77


def test_lines_as_json(lab: LiveSite, deploy: Path) -> None:
    done = lab.ssh(deploy, "batch-host", "cat /etc/shadow", env={"JUMPHOST_OUTPUT": "json"})
    line = json.loads(done.stderr)
    assert (line["effect"], line["code"], line["status"]) == ("denied", "security.secret_files.named", 77)
    assert set(line) == {"effect", "code", "message", "decision", "hold", "status"}


@pytest.mark.parametrize(
    "env",
    [
        {"JUMPHOST_WAIT": "soon"},
        {"JUMPHOST_WAIT": "-1"},
        {"JUMPHOST_DRY_RUN": "yes"},
        {"JUMPHOST_OUTPUT": "xml"},
        {"JUMPHOST_DRYRUN": "1"},
        {"JUMPHOST_CORRELATION_ID": "x" * 256},
    ],
)
def test_malformed_environment_of_ours(lab: LiveSite, deploy: Path, env: dict[str, str]) -> None:
    done = run(lab, deploy, "echo ran", env=env)
    assert (done.returncode, done.stdout) == (65, b"")
    assert b"jumphost: failed request.invalid: got " in done.stderr


@pytest.mark.parametrize("command", [b"echo caf\xe9", b"echo " + b"x" * 9000])
def test_bytes_that_are_no_command(lab: LiveSite, deploy: Path, command: bytes) -> None:
    words: list[str | bytes] = [*lab.ssh_words(deploy, "batch-host"), command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr.startswith(b"jumphost: failed request.invalid: ")) == (65, True)


def test_obligation_that_cannot_be_met_denies(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, "echo ran", "lease")
    assert (done.returncode, done.stdout, b"policy.unsupported" in done.stderr) == (77, b"", True)


def test_time_limit_cuts(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, "trap : HUP TERM; echo begun; sleep 600", "short")
    assert (done.returncode, done.stdout) == (77, b"begun\n")
    assert b"jumphost: cut limit.time: ran longer than 1 s (decision " in done.stderr
    cut = lab.events("command.cut")[-1]
    assert (cut["outcome"], cut["left"]) == ("limit_time", False)


def test_output_limit_cuts(lab: LiveSite, deploy: Path) -> None:
    done = run(lab, deploy, "yes | head -c 100000", "little")
    assert (done.returncode, len(done.stdout)) == (77, 1000)
    assert b"jumphost: cut limit.output: " in done.stderr


def test_caller_who_leaves_stops_the_command(lab: LiveSite, deploy: Path) -> None:
    caller = lab.ssh_started(deploy, "batch-host", "sh -c 'echo begun; exec sleep 4321'")
    assert caller.stdout is not None
    caller.stdout.readline()
    assert _sleeping()
    caller.kill()
    caller.communicate()
    lab.wait_for("the end of the command", lambda: not _sleeping())
    lab.wait_for("its outcome", lambda: lab.events("command.cut")[-1]["outcome"] == "caller_gone")


def _sleeping() -> bool:
    return subprocess.run(["pgrep", "-f", "^sleep 4321"], capture_output=True).returncode == 0


def test_signal_of_the_caller_is_relayed(lab: LiveSite, deploy: Path) -> None:
    import asyncio

    import asyncssh

    async def talk() -> tuple[str, str]:
        async with asyncssh.connect(
            "127.0.0.1", lab.port, username="batch-host", client_keys=[str(deploy)], known_hosts=None, config=None
        ) as connection:
            process = await connection.create_process(
                f"{SCRIPT} 'trap \"echo got; exit 3\" USR1; echo begun; while :; do sleep 0.1; done'"
            )
            begun = await process.stdout.readline()
            process.send_signal("USR1")
            done = await process.wait()
            return f"{begun}{done.stdout}", done.exit_signal[0] if done.exit_signal else ""

    assert asyncio.run(talk()) == ("begun\ngot\n", "USR1")  # the shell that started it got it too, as from sshd


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (["-T", "-W", "127.0.0.1:22"], "direct-tcpip"),
        (["-N", "-R", "0:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes"], "tcpip-forward"),
    ],
)
def test_forwards_are_refused_and_journalled(lab: LiveSite, deploy: Path, words: list[str], kind: str) -> None:
    base = lab.ssh_words(deploy, "batch-host")
    done = subprocess.run([*base[:-1], *words, base[-1]], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode != 0
    lab.wait_for("the event", lambda: any(e.get("request") == kind for e in lab.events("request.refused")))


@pytest.mark.parametrize(("options", "said"), [((), b"a shell"), (("-s", "sftp"), b"a subsystem")])
def test_what_is_no_command_is_refused(lab: LiveSite, deploy: Path, options: tuple[str, ...], said: bytes) -> None:
    words = [*lab.ssh_words(deploy, "batch-host"), *options]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert done.returncode == 77
    assert b"jumphost: denied request.unsupported: got " + said in done.stderr


def test_terminal_is_refused_and_journalled(lab: LiveSite, deploy: Path) -> None:
    base = lab.ssh_words(deploy, "batch-host")
    words = [*base[:-1], "-tt", base[-1], "sh -c true"]
    assert subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=60).returncode == 255
    lab.wait_for("the event", lambda: any(e.get("request") == "pty-req" for e in lab.events("request.refused")))
