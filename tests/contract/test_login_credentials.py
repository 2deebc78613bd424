"""Every source of logins through the contract kit."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncssh
import pytest

from jumphost.clock import Clock, SystemClock
from jumphost.config.create import create_site
from jumphost.config.load import load_site
from jumphost.credential.base import LoginCredentials
from jumphost.credential.ssh_certificate import SshCertificates
from jumphost.model.lease import Lease
from jumphost.signer.client import running
from jumphost.testing import decided
from jumphost.testing.logins import CHECKS, Issue

CLOCK = SystemClock()


@pytest.fixture
async def issue(tmp_path: Path) -> AsyncIterator[Issue]:
    site = create_site(tmp_path / "site", example=True)
    config = load_site(site)
    decision = decided.decision(decided.request(config, CLOCK), CLOCK)
    async with running(site) as signer:
        credentials: LoginCredentials = SshCertificates(signer, CLOCK)

        async def issued(purpose: str, address: str) -> tuple[asyncssh.SSHKeyPair, Lease]:
            return await credentials.issue(
                purpose=purpose,
                target=config.targets["payments-db"],
                login="app",
                decision=decision,
                approvals=(),
                address=address,
            )

        yield issued


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_ssh_certificates(issue: Issue, check: Callable[[Issue, Clock], Awaitable[None]]) -> None:
    await check(issue, CLOCK)
