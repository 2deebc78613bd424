"""A target of mode connection: all commands of one connection of a caller share one login, and nobody else does."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

RULE = """
allow contains verdict if {
	"deploy" in input.identity.groups
	command.literal(input.command)
	verdict := result.allow("platform.any.allowed", "for the test", {})
}

allow contains verdict if {
	"readonly" in input.identity.groups
	command.only_runs(input.command, {"id"})
	verdict := result.allow("platform.any.id", "for the test", {})
}

hold contains verdict if {
	command.runs(input.command, {"uname"})
	verdict := result.hold("platform.any.held", "for the test", [{"groups": ["dba"], "count": 1, "ttl_s": 600}], {})
}
"""

pytestmark = pytest.mark.skipif(not has_ssh(), reason="no ssh: apt-get install openssh-client")


@pytest.fixture(scope="module")
def site() -> Iterator[LiveSite]:
    with open_folder() as folder, live_site(folder, serve=False) as made:
        made.set_mode("batch-host", "connection")
        made.write_rule("platform", "any", RULE)
        made.start()
        yield made


@contextmanager
def connection(site: LiveSite, identity: str, name: str) -> Iterator[list[str]]:
    """The words before a command that goes over one connection, open until the block ends."""
    words = site.ssh_words(site.key(identity), "batch-host")
    socket = site.root.parent / name
    control = [*words[:-1], "-o", f"ControlPath={socket}"]
    master = subprocess.Popen([*control, "-M", "-N", words[-1]], stdin=subprocess.DEVNULL)
    try:
        site.wait_for("the master's socket", socket.exists)
        yield [*control, words[-1]]
    finally:
        master.terminate()
        master.wait()


def run(words: list[str], command: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([*words, command], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def logins(site: LiveSite) -> list[str]:
    """How each command so far came to its login, by the identity that ran it."""
    return [f"{event['kind']} {event['identity']}" for event in site.events("credential.issue", "credential.use")]


def records(site: LiveSite, kind: str) -> list[dict[str, object]]:
    lines = [
        json.loads(line) for file in (site.root / "signer").glob("*log*") for line in file.read_text().splitlines()
    ]
    return [line for line in lines if line["kind"] == kind]


def test_many_commands_have_one_login_and_each_its_own_status(site: LiveSite) -> None:
    before = logins(site)
    with connection(site, "deploy-bot", "many") as words:
        for number in range(100):
            done = run(words, f"sh -c 'echo {number}; exit {number}'")
            assert (done.returncode, done.stdout, done.stderr) == (number, f"{number}\n".encode(), b"")
    assert logins(site)[len(before) :] == ["credential.issue deploy-bot", *["credential.use deploy-bot"] * 99]


def test_the_signer_says_what_has_no_forced_command_and_what_ran_on_it(site: LiveSite) -> None:
    with connection(site, "deploy-bot", "signed") as words:
        run(words, "echo first")
        run(words, "echo second")
    opened, used = records(site, "run")[-1], records(site, "use")[-1]
    assert "force-command" not in opened["critical"]  # type: ignore[operator]
    assert "first" in str(opened["line"])
    assert "second" in str(used["line"])
    assert used["connection"] == opened["connection"]
    assert str(opened["key_id"]).split(":")[1] == used["login"]


def test_commands_at_the_same_time(site: LiveSite) -> None:
    with connection(site, "deploy-bot", "together") as words:
        going = [
            subprocess.Popen([*words, f"sh -c 'sleep 1; exit {number}'"], stdin=subprocess.DEVNULL)
            for number in range(9)
        ]
        assert [client.wait(60) for client in going] == list(range(9))


def test_nobody_shares_a_login(site: LiveSite) -> None:
    before = len(logins(site))
    with (
        connection(site, "deploy-bot", "one") as one,
        connection(site, "deploy-bot", "two") as two,
        connection(site, "batch-reader", "three") as three,
    ):
        for words in (one, two, three):
            assert run(words, "id").returncode == 0
    assert logins(site)[before:] == [
        "credential.issue deploy-bot",
        "credential.issue deploy-bot",
        "credential.issue batch-reader",
    ]


def test_every_command_is_judged_though_the_login_is_open(site: LiveSite) -> None:
    with connection(site, "batch-reader", "judged") as words:
        assert run(words, "id").returncode == 0
        denied = run(words, "cat /srv/elsewhere")
    assert denied.returncode == 77
    assert b"policy.no_rule" in denied.stderr


def test_a_held_command_runs_once_on_the_open_login(site: LiveSite) -> None:
    with connection(site, "deploy-bot", "held") as words:
        assert run(words, "id").returncode == 0
        before = len(logins(site))
        waiting = subprocess.Popen([*words, "uname"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        site.answer("approve", site.hold()["id"], "alice")
        assert waiting.communicate(timeout=60)[0] == b"Linux\n"
    assert logins(site)[before:] == ["credential.use deploy-bot"]


def test_a_revoked_identity_keeps_no_login(site: LiveSite) -> None:
    with connection(site, "deploy-bot", "revoked") as words:
        going = subprocess.Popen([*words, "sleep 600"], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        site.wait_for("the command", lambda: _running("sleep 600"))
        site.cli("identity", "disable", "deploy-bot")
        try:
            assert going.wait(60) == 77
            site.wait_for("the end of its process", lambda: not _running("sleep 600"))
            assert run(words, "id").returncode != 0
        finally:
            site.cli("identity", "enable", "deploy-bot")


def _running(command: str) -> bool:
    """Whether such a process is there; others may end while they are looked at, which psutil leaves out."""
    return any(process.info["cmdline"] == command.split() for process in psutil.process_iter(["cmdline"]))


def test_what_shows_the_mode(site: LiveSite) -> None:
    modes = {entry["name"]: entry["mode"] for entry in site.json("target", "list")}
    assert modes == {"batch-host": "connection", "payments-db": "command"}
    words = ("--identity", "deploy-bot", "--target", "batch-host")
    assert (
        "batch@batch-host, one login for all commands of a connection" in site.cli("explain", *words, "--", "id").stdout
    )
    assert json.loads(site.cli("explain", *words, "--json", "--", "id").stdout)["mode"] == "connection"
