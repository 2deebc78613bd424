"""The agent of a machine against a running gateway."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.cli import renewing
from jumphost.errors import Code, Refused
from jumphost.testing.lab import lab_site
from jumphost.testing.site import LiveSite, has_ssh

BOT = "deploy-bot"


@pytest.fixture(scope="module")
def own() -> Iterator[LiveSite]:
    """A lab of these tests' own."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        site.stop()
        site.start()
        yield site


def words(site: LiveSite, key: Path, *options: str) -> list[str]:
    site.ssh_words(key, "jumphost")  # writes known_hosts
    known = site.root / "known_hosts"
    gateway = f"127.0.0.1:{site.port}"
    program = [sys.executable, "-m", "jumphost", "agent", "--json", "--gateway", gateway, "--known-hosts", str(known)]
    return [*program, *options, str(key)]


def certificate(key: Path) -> bytes:
    return key.with_name(f"{key.name}-cert.pub").read_bytes()


def test_the_loop_keeps_a_certificate_fresh_and_ends_when_it_is_told_to(own: LiveSite) -> None:
    key = own.key(BOT, "--ttl", "3s")
    first = certificate(key)
    with subprocess.Popen(words(own, key), stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        said = [json.loads(agent.stdout.readline()) for _ in range(2)]
        assert own.ssh(key, "batch-host", "sh -c 'echo done'").stdout == b"done\n"
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(timeout=30) == 0
    assert [line["event"] for line in said] == ["renewed", "renewed"]
    assert certificate(key) != first
    given = [event["serial"] for event in own.events("cert.issue") if event["how"] == "renewal"]
    assert given[:2] == [line["serial"] for line in said]


def test_once_renews_nothing_that_is_not_due(own: LiveSite) -> None:
    key = own.key(BOT)
    before = certificate(key)
    done = subprocess.run(words(own, key, "--once"), capture_output=True)
    assert (done.returncode, done.stdout, certificate(key)) == (0, b"", before)


def test_a_machine_whose_certificate_ended_exchanges_a_token(own: LiveSite) -> None:
    key = own.key(BOT)
    own.cli("cert", "revoke", "--serial", own.events("cert.issue")[-1]["serial"])
    key.with_name(f"{key.name}-cert.pub").unlink()
    command = f"{sys.executable} -m jumphost cert issue --site {own.root} --identity {BOT} {key}.pub"
    done = subprocess.run(words(own, key, "--once", "--exchange", command), capture_output=True)
    assert json.loads(done.stdout)["event"] == "renewed"
    assert own.ssh(key, "jumphost", "whoami").returncode == 0


def test_a_refusal_is_the_end(own: LiveSite) -> None:
    key = own.key("backup-job", "--ttl", "3s")
    own.cli("identity", "disable", "backup-job")
    done = subprocess.run(words(own, key), capture_output=True, timeout=60)
    assert done.returncode == 77
    assert b"identity." in done.stderr


def test_another_gateway_than_the_one_that_is_known(own: LiveSite, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{own.port} {own.target.host_keys[0]}\n")
    with pytest.raises(Refused) as caught:
        asyncio.run(renewing.renew("127.0.0.1", own.port, own.key(BOT), known))
    assert caught.value.code is Code.TARGET_HOST_KEY


@pytest.mark.skipif(shutil.which("ssh-agent") is None, reason="install openssh-client: no ssh-agent on PATH")
def test_it_hands_the_certificate_to_an_ssh_agent(own: LiveSite, tmp_path: Path) -> None:
    key = own.key(BOT)
    socket = tmp_path / "agent.sock"
    with subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL) as agent:
        try:
            own.wait_for("a socket", socket.exists)
            env = {**os.environ, "SSH_AUTH_SOCK": str(socket)}
            subprocess.run(words(own, key, "--once", "--ssh-agent"), env=env, check=True, capture_output=True)
            listed = subprocess.run(["ssh-add", "-L"], env=env, check=True, capture_output=True).stdout
            assert certificate(key).split()[1] in listed
        finally:
            agent.terminate()
