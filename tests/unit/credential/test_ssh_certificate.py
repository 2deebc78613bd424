"""Logins by the signer's certificates."""

from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import asyncssh
import pytest

from jumphost.clock import NS_PER_S, SystemClock, id_time_ns
from jumphost.config.create import create_site
from jumphost.config.edit import set_scalar
from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.credential.base import LoginCredentials
from jumphost.credential.ssh_certificate import SshCertificates
from jumphost.errors import Code, Refused, Unavailable
from jumphost.signer.client import SignerClient, running
from jumphost.testing import decided

CLOCK = SystemClock()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site", example=True)


@pytest.fixture
def config(site: Site) -> SiteConfig:
    return load_site(site)


@pytest.fixture
async def credentials(site: Site) -> AsyncIterator[LoginCredentials]:
    async with running(site) as signer:
        yield SshCertificates(signer, CLOCK)


async def test_a_key_pair_with_its_certificate_and_the_lease(credentials: LoginCredentials, config: SiteConfig) -> None:
    decision = decided.decision(decided.request(config, CLOCK), CLOCK)
    place = config.targets["payments-db"]
    how = {"target": place, "login": "app", "decision": decision, "approvals": (), "address": "127.0.0.1"}
    pair, lease = await credentials.issue(purpose="run", **how)  # type: ignore[arg-type]
    stop, _ = await credentials.issue(purpose="stop", **how)  # type: ignore[arg-type]
    assert pair.has_cert
    assert pair.algorithm == b"ssh-ed25519-cert-v01@openssh.com"
    assert (lease.provider, lease.subject) == ("ssh-certificate", "app@payments-db")
    assert 0 < lease.expires_ns - CLOCK.now_ns() <= 60 * NS_PER_S
    assert id_time_ns(lease.id) <= CLOCK.now_ns()
    assert int(lease.serial) < 2**53
    assert stop.public_data != pair.public_data
    with pytest.raises(Refused) as caught:
        await credentials.issue(purpose="run", **how)  # type: ignore[arg-type]
    assert caught.value.code is Code.SIGNER_REFUSED


async def test_every_login_has_a_key_of_its_own(credentials: LoginCredentials, config: SiteConfig) -> None:
    keys = set()
    for _ in range(3):
        pair, _ = await credentials.issue(
            purpose="run",
            target=config.targets["payments-db"],
            login="app",
            decision=decided.decision(decided.request(config, CLOCK), CLOCK),
            approvals=(),
            address="::1",
        )
        keys.add(asyncssh.import_certificate(pair.algorithm + b" " + b64encode(pair.public_data)).key.public_data)
    assert len(keys) == 3


async def test_a_login_for_a_connection_may_be_used_by_what_is_decided_later(
    credentials: LoginCredentials, site: Site
) -> None:
    set_scalar(site.targets, "payments-db", "mode", value="connection", check=lambda _: None)
    config = load_site(site)
    first = decided.request(config, CLOCK)
    pair, _ = await credentials.issue(
        purpose="run",
        target=config.targets["payments-db"],
        login="app",
        decision=decided.decision(first, CLOCK),
        approvals=(),
        address="::1",
    )
    options = asyncssh.import_certificate(pair.algorithm + b" " + b64encode(pair.public_data)).options
    assert options.keys() == {"source-address"}
    later = decided.decision(decided.request(config, CLOCK, connection=first.connection), CLOCK)
    await credentials.use(decision=later, approvals=(), login=first.id)
    with pytest.raises(Refused, match="has had its run"):
        await credentials.use(decision=later, approvals=(), login=first.id)


async def test_no_signer_is_unavailable(site: Site, config: SiteConfig) -> None:
    with pytest.raises(Unavailable) as caught:
        await SshCertificates(SignerClient(site.signer_socket), CLOCK).issue(
            purpose="run",
            target=config.targets["payments-db"],
            login="app",
            decision=decided.decision(decided.request(config, CLOCK), CLOCK),
            approvals=(),
            address="::1",
        )
    assert caught.value.code is Code.SIGNER_UNAVAILABLE
