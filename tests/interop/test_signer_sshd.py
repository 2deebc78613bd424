"""What the signer signs, at the door of an OpenSSH sshd that follows ``target enroll``: it opens one login, once."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import yaml
from msgspec.structs import replace

from jumphost.clock import SystemClock
from jumphost.command.facts import analyse
from jumphost.config.create import create_site
from jumphost.config.load import load_plain, load_site
from jumphost.config.site import Site
from jumphost.credential.ssh_certificate import SshCertificates
from jumphost.model.decision import Decision
from jumphost.model.target import Target
from jumphost.signer.client import SignerClient, running
from jumphost.signer.protocol import Check, IssueCaller
from jumphost.testing import decided
from jumphost.testing.site import open_folder
from jumphost.testing.sshd import Sshd, find_sshd, may_have_logins, sshd

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return create_site(tmp_path_factory.mktemp("signer") / "site", example=True)


@pytest.fixture(scope="module")
def payments(site: Site) -> Iterator[Sshd]:
    if find_sshd() is None or not may_have_logins():
        pytest.skip("needs an sshd, and root that may mount: tests/install-servers")
    ca = (site.keys / "target_ca.pub").read_text().strip()
    with (
        open_folder() as folder,
        sshd(folder, name="payments-db", logins={"app": "/bin/sh", "other": "/bin/sh"}, target_ca=ca) as server,
    ):
        entries = load_plain(site.targets)
        entries["payments-db"].update(
            logins=["app", "other"], port=server.target.port, host_keys=list(server.target.host_keys)
        )
        site.targets.write_text(yaml.safe_dump(entries))
        yield server


@pytest.fixture
async def signer(site: Site, payments: Sshd) -> AsyncIterator[SignerClient]:
    async with running(site) as client:
        yield client


def decision(site: Site, text: str, name: str = "app") -> Decision:
    asked = decided.request(load_site(site), CLOCK)
    asked = replace(asked, command=analyse(text.encode()), target=replace(asked.target, login=name))
    return decided.decision(asked, CLOCK)


def target(site: Site) -> Target:
    return load_site(site).targets["payments-db"]


async def login(place: Target, name: str, pair: Any, command: str = "id -un") -> str:
    """What a stranger's client gets with the key pair, whatever it asks for; PermissionDenied if nothing."""
    known = asyncssh.import_known_hosts(f"[127.0.0.1]:{place.port} {place.host_keys[0]}\n")
    async with asyncssh.connect(
        "127.0.0.1", place.port, username=name, client_keys=[pair], known_hosts=known, config=None, agent_path=None
    ) as connection:
        return str((await connection.run(command)).stdout)


async def minted(site: Site, signer: SignerClient, made: Decision, **how: Any) -> asyncssh.SSHKeyPair:
    asked = {"purpose": "run", "login": "app", "address": "127.0.0.1", "approvals": (), **how}
    pair, _ = await SshCertificates(signer, CLOCK).issue(target=target(site), decision=made, **asked)
    return pair


async def test_it_runs_what_was_decided_whatever_is_asked(site: Site, signer: SignerClient, payments: Sshd) -> None:
    made = decision(site, "echo 'what was judged'")
    pair = await minted(site, signer, made)
    assert await login(target(site), "app", pair, "cat /etc/passwd") == "what was judged\n"
    request = made.judgement.document.decode().partition('"id":"')[2][:36]
    assert f"jumphost:{request}:order-service" in payments.log.read_text()


async def test_it_opens_no_other_login_and_from_no_other_address(site: Site, signer: SignerClient) -> None:
    with pytest.raises(asyncssh.PermissionDenied):
        await login(target(site), "other", await minted(site, signer, decision(site, "true")))
    assert (
        await login(target(site), "other", await minted(site, signer, decision(site, "id -un", "other"), login="other"))
        == "other\n"
    )
    elsewhere = await minted(site, signer, decision(site, "true"), address="192.0.2.1")
    with pytest.raises(asyncssh.PermissionDenied):
        await login(target(site), "app", elsewhere)


async def test_the_caller_ca_opens_no_target(site: Site, signer: SignerClient) -> None:
    """The other way, the target CA at the gateway, is in tests/attacks/test_certificates.py."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    line = key.export_public_key().decode()
    issued = await signer.ask(IssueCaller("order-service", line, 60))
    pair = asyncssh.load_keypairs([(key, asyncssh.import_certificate(issued.certificate))])[0]
    with pytest.raises(asyncssh.PermissionDenied):
        await login(target(site), "app", pair)


async def test_the_check_runs_its_script_only(site: Site, signer: SignerClient) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    issued = await signer.ask(Check("payments-db", "app", "127.0.0.1", key.export_public_key().decode()))
    pair = asyncssh.load_keypairs([(key, asyncssh.import_certificate(issued.certificate))])[0]
    said = await login(target(site), "app", pair, "cat /etc/passwd")
    assert "jumphost-check=1" in said
    assert "login=app" in said


async def test_stock_ssh_reads_the_certificate(
    site: Site, signer: SignerClient, payments: Sshd, tmp_path: Path
) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    place = target(site)
    issued = await signer.ask(Check("payments-db", "app", "127.0.0.1", key.export_public_key().decode()))
    key.write_private_key(tmp_path / "key")
    (tmp_path / "key").chmod(0o600)
    (tmp_path / "key-cert.pub").write_text(issued.certificate + "\n")
    (tmp_path / "known").write_text(f"[127.0.0.1]:{place.port} {place.host_keys[0]}\n")
    options = [f"-oUserKnownHostsFile={tmp_path / 'known'}", "-oBatchMode=yes", "-oIdentitiesOnly=yes", "-F", "none"]
    done = subprocess.run(
        ["ssh", *options, "-i", tmp_path / "key", "-p", str(place.port), "app@127.0.0.1", "id"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert "login=app" in done.stdout, done.stderr
