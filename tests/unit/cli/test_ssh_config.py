"""The stanza, as real ssh reads it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from jumphost.testing.commands import run

GATEWAY = ("--gateway", "gw.example:2022", "--identity-file", "/k/my id", "--known-hosts", "/k/known")


def options(folder: Path, where: str, *words: str) -> dict[str, str]:
    """What ``ssh -G`` makes of it."""
    if shutil.which("ssh") is None:
        pytest.skip("install openssh-client: no ssh on PATH")
    ran = run("ssh-config", *words)
    assert ran.status == 0, ran.err
    (folder / "config").write_text(ran.out)
    done = subprocess.run(["ssh", "-G", "-F", folder / "config", where], check=True, capture_output=True, text=True)
    return {name: value for name, _, value in (line.partition(" ") for line in done.stdout.splitlines())}


def test_a_target_by_its_name(tmp_path: Path) -> None:
    found = options(tmp_path, "ledger", *GATEWAY, "--target", "ledger+app", "--target", "books")
    assert {name: found[name] for name in ("hostname", "port", "user", "identityfile", "certificatefile")} == {
        "hostname": "gw.example",
        "port": "2022",
        "user": "ledger+app",
        "identityfile": "/k/my id",
        "certificatefile": "/k/my id-cert.pub",
    }
    assert (found["userknownhostsfile"], found["stricthostkeychecking"]) == ("/k/known", "true")
    assert (found["identitiesonly"], found["batchmode"], found["forwardagent"], found["requesttty"]) == (
        "yes", "yes", "no", "false",
    )  # fmt: skip


def test_the_gateway_by_its_own_name(tmp_path: Path) -> None:
    found = options(tmp_path, "jumphost@gw.example", *GATEWAY, "--target", "ledger")
    assert (found["hostname"], found["port"], found["user"]) == ("gw.example", "2022", "jumphost")


def test_other_hosts_are_left_alone(tmp_path: Path) -> None:
    assert options(tmp_path, "elsewhere", *GATEWAY, "--target", "ledger")["port"] == "22"


@pytest.mark.parametrize(
    "words",
    [
        ("--gateway", "a b"),
        (*GATEWAY, "--target", "*"),
        (*GATEWAY, "--target", "a\nHost b"),
        (*GATEWAY, "--target", "a+b c"),
        ("--gateway", "gw", "--identity-file", 'a"b'),
        ("--gateway", "gw", "--known-hosts", "%d/known"),
    ],
)
def test_what_could_mean_something_else_is_refused(words: tuple[str, ...]) -> None:
    ran = run("ssh-config", *words)
    assert (ran.status, ran.out) == (2, "")
