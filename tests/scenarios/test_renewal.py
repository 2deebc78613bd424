"""A job renews its certificate with stock ssh; a stolen one locks its identity; a crash locks nobody out."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jumphost.config.create import write_key_pair
from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh

BOT = "deploy-bot"
BEGUN = "sh -c 'echo begun; exec sleep 600'"


@pytest.fixture(scope="module")
def own() -> Iterator[LiveSite]:
    """A lab that these tests may lock and kill."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        site.stop()
        site.start()
        yield site


def renew(site: LiveSite, key: Path, *, public: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
    source = public or key.with_name(f"{key.name}.pub")
    return site.ssh(key, "jumphost", "renew", stdin=source.read_bytes())


def copy(key: Path, name: str) -> Path:
    """What a thief takes: the private key and its certificate."""
    taken = key.with_name(f"{key.name}-{name}")
    for suffix in ("", ".pub", "-cert.pub"):
        shutil.copy(key.with_name(f"{key.name}{suffix}"), taken.with_name(f"{taken.name}{suffix}"))
    return taken


def keep(key: Path, done: "subprocess.CompletedProcess[bytes]") -> None:
    assert (done.returncode, done.stderr) == (0, b"")
    key.with_name(f"{key.name}-cert.pub").write_bytes(done.stdout)


def whoami(site: LiveSite, key: Path) -> int:
    return site.ssh(key, "jumphost", "whoami").returncode


def renewals(site: LiveSite) -> list[dict[str, Any]]:
    return [event for event in site.events("cert.issue") if event["how"] == "renewal"]


def test_a_job_renews_with_its_own_key_and_with_a_new_one(own: LiveSite) -> None:
    key = own.key("backup-job", "--scope", "exec:batch-*", "--force-command", "date")
    keep(key, renew(own, key))
    fresh = key.with_name("fresh")
    write_key_pair(fresh, "fresh")
    keep(fresh, renew(own, key, public=fresh.with_name("fresh.pub")))
    text = subprocess.run(
        ["ssh-keygen", "-L", "-f", f"{fresh}-cert.pub"], check=True, capture_output=True, text=True
    ).stdout
    assert "force-command date" in text
    assert "scope@jumphost" in text
    assert whoami(own, fresh) == 0
    assert [event["how"] for event in own.events("cert.issue")][-3:] == ["operator", "renewal", "renewal"]
    assert [event["generation"] for event in renewals(own)] == [1, 2]
    found = own.json("audit", "identity", "backup-job")["certificates"]
    assert [(one["how"], one["logins"]) for one in found] == [("operator", 1), ("renewal", 1), ("renewal", 1)]


@pytest.mark.parametrize("stdin", [b"", b"no key\n", b"ssh-ed25519 AAAA\n"])
def test_who_sends_no_key_gets_a_line_and_65(own: LiveSite, stdin: bytes) -> None:
    done = own.ssh(own.key("backup-job"), "jumphost", "renew", stdin=stdin)
    assert (done.returncode, done.stdout) == (65, b"")
    assert b"request.invalid: got no public key on standard input" in done.stderr


def test_a_stolen_certificate_locks_the_identity(own: LiveSite) -> None:
    key, other = own.key(BOT), own.key(BOT)
    thief = copy(key, "thief")
    keep(thief, renew(own, thief))
    running = own.ssh_started(other, "batch-host", BEGUN)
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    assert whoami(own, thief) == 0

    done = renew(own, key)
    assert done.returncode == 77
    assert b"identity.locked" in done.stderr
    _, said = running.communicate(timeout=30)
    assert running.returncode == 77
    assert b"identity.locked" in said
    assert whoami(own, thief) != 0
    assert whoami(own, own.key(BOT)) != 0
    [lock] = own.events("identity.lock")
    assert (lock["newest"]["generation"], lock["old"]["generation"], lock["old"]["how"]) == (1, 0, "renew")
    [shown] = [one for one in own.json("identity", "list") if one["name"] == BOT]
    assert shown["locked"]["newest"]["serial"] == lock["newest"]["serial"]
    assert f"{BOT} is locked since {lock['at']}" in own.cli("identity", "list").stdout

    own.stop()
    assert own.cli("identity", "enable", BOT, check=False).returncode == 69
    own.start()
    assert whoami(own, other) != 0
    own.cli("identity", "enable", BOT)
    assert whoami(own, other) == 0
    assert whoami(own, key) != whoami(own, own.key(BOT)) == 0
    assert own.json("identity", "list")[0]["locked"] is None


def test_a_revocation_list_ends_what_runs_and_survives_a_restart(own: LiveSite, tmp_path: Path) -> None:
    key, other = own.key(BOT), own.key(BOT)
    serial = own.events("cert.issue")[-2]["serial"]
    running = own.ssh_started(key, "batch-host", BEGUN)
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    (tmp_path / "spec").write_text(f"serial: {serial}\n")
    words = ["ssh-keygen", "-q", "-k", "-f", tmp_path / "krl", "-s", own.root / "keys/caller_ca.pub", tmp_path / "spec"]
    subprocess.run(words, check=True)
    own.cli("cert", "revoke", "--krl", str(tmp_path / "krl"))
    _, said = running.communicate(timeout=30)
    assert (running.returncode, b"identity.revoked" in said) == (77, True)
    assert (whoami(own, key), whoami(own, other)) == (255, 0)
    own.stop()
    own.start()
    assert (whoami(own, key), whoami(own, other)) == (255, 0)
    [event] = [event for event in own.events("cert.revoke") if event["by"] == "krl"]
    assert event["entries"] == 1


@pytest.mark.parametrize(("step", "given"), [("renewing", 0), ("renewed", 1)])
def test_a_crash_while_renewing_locks_nobody_out(own: LiveSite, step: str, given: int) -> None:
    key = own.key("backup-job")
    before = len(renewals(own))
    own.stop()
    own.start("-m", "jumphost.testing.killed_at", step)
    assert renew(own, key).returncode == 255
    assert own.killed() == -signal.SIGKILL
    own.start()
    assert len(renewals(own)) - before == given
    keep(key, renew(own, key))
    assert whoami(own, key) == 0
    assert len(renewals(own)) - before == 1
    keep(key, renew(own, key))
    assert whoami(own, key) == 0
