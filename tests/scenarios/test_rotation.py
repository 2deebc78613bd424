"""Each CA is changed while jobs go on, with stock ssh and sshd: nobody is refused until the old key is out."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.testing.lab import lab_site
from jumphost.testing.site import OPTIONS, LiveSite, has_ssh
from jumphost.testing.sshd import find_sshd

BOT = "deploy-bot"
SAYS = "sh -c 'echo done'"


@pytest.fixture
def own() -> Iterator[LiveSite]:
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        site.stop()
        site.start()
        yield site


def works(site: LiveSite, *keys: Path) -> bool:
    return [site.ssh(key, "batch-host", SAYS).stdout for key in keys] == [b"done\n"] * len(keys)


def test_the_caller_ca(own: LiveSite) -> None:
    old = own.key(BOT)
    running = own.ssh_started(old, "batch-host", "sh -c 'echo begun; exec sleep 600'")
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    own.cli("ca", "rotate", "caller")
    assert works(own, old, own.key(BOT))
    own.cli("ca", "switch", "caller")
    new = own.key(BOT)
    assert works(own, old, new)
    renewed = own.ssh(old, "jumphost", "renew", stdin=old.with_name(f"{old.name}.pub").read_bytes())
    assert renewed.returncode == 0, renewed.stderr
    own.stop()  # a restart changes nothing
    own.start()
    assert works(own, old, new)
    running.wait(timeout=60)
    assert own.cli("ca", "retire", "caller", check=False).returncode == 2
    own.cli("ca", "retire", "caller", "--now")
    assert own.ssh(old, "batch-host", SAYS).returncode == 255
    assert works(own, new, own.key(BOT))
    old.with_name(f"{old.name}-cert.pub").write_bytes(renewed.stdout)
    assert [(event["ca"], event["step"]) for event in own.events("ca.change")] == [
        ("caller", step) for step in ("rotate", "switch", "retire")
    ]
    assert works(own, old)  # what the old CA's certificate bought is of the new CA


@pytest.mark.skipif(find_sshd() is None, reason="install openssh-server: no sshd")
def test_the_target_ca(own: LiveSite) -> None:
    key = own.key(BOT)

    def enrolled() -> None:
        for name in ("batch-host", "payments-db"):
            script = own.cli("target", "enroll", name).stdout
            env = {**os.environ, "ETC": str(own.root.parent / "target" / name)}
            subprocess.run(["/bin/sh"], input=script, env=env, text=True, check=True, capture_output=True)

    own.cli("ca", "rotate", "target")
    assert works(own, key)
    enrolled()
    assert works(own, key)
    own.cli("ca", "switch", "target")
    assert works(own, key)
    own.cli("ca", "retire", "target", "--now")
    enrolled()
    assert works(own, key)
    lines = (own.root.parent / "target/batch-host/jumphost/batch-host/target_ca.pub").read_text().splitlines()
    assert lines == [" ".join((own.root / "keys/target_ca.pub").read_text().split()[:2])]


def test_the_host_ca(own: LiveSite) -> None:
    key = own.key(BOT)
    clients = {name: own.root.parent / f"known-{name}" for name in ("before", "both", "after")}

    def told(name: str) -> None:
        clients[name].write_text(own.cli("ca", "known-hosts", "--name", f"[127.0.0.1]:{own.port}").stdout)

    def takes(name: str) -> bool:
        known = ("-o", f"UserKnownHostsFile={clients[name]}", "-o", "StrictHostKeyChecking=yes")
        words = ["ssh", *OPTIONS, *known, "-i", str(key), "-p", str(own.port), "batch-host@127.0.0.1", SAYS]
        return subprocess.run(words, capture_output=True, stdin=subprocess.DEVNULL).stdout == b"done\n"

    told("before")
    assert takes("before")
    own.cli("ca", "rotate", "host")
    told("both")
    assert takes("before")
    assert takes("both")
    own.cli("ca", "switch", "host")
    own.wait_for("a certificate of the new CA", lambda: not takes("before"))
    assert takes("both")
    own.cli("ca", "retire", "host", "--now")
    told("after")
    assert takes("both")
    assert takes("after")
    own.stop()
    own.start()
    told("after")
    assert takes("after")
    assert not takes("before")
