"""The gateway's host certificate: made, renewed well before it ends, made anew when the CA is another one."""

from pathlib import Path

import asyncssh
import pytest
from msgspec.structs import replace

from jumphost.config.authorities import Authority
from jumphost.config.create import create_site
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Unavailable
from jumphost.gateway.hostidentity import HostIdentity
from jumphost.signer.hosts import TTL_S
from jumphost.signer.protocol import Issued, IssueHost
from jumphost.testing.clock import ManualClock
from jumphost.testing.signing import NearSigner


class Fragile(NearSigner):
    """One that does not answer while ``fault`` is set."""

    fault: Exception | None = None
    asked = 0

    async def ask(self, question: IssueHost) -> Issued:  # type: ignore[override]
        self.asked += 1
        if self.fault is not None:
            raise self.fault
        return await super().ask(question)


class Bench:
    def __init__(self, folder: Path, **settings: object) -> None:
        self.site, self.clock = create_site(folder / "site"), ManualClock()
        self.signer = Fragile(self.site, self.clock)
        self.identity = self.made(self.site, **settings)

    def made(self, site: Site, **settings: object) -> HostIdentity:
        key = asyncssh.read_private_key(site.keys / "host_key")
        return HostIdentity(key, site, replace(load_site(site).settings, **settings), self.signer, self.clock)

    def kinds(self) -> list[bytes]:
        return [pair.algorithm for pair in self.identity.pairs]


CERTIFIED = [b"ssh-ed25519-cert-v01@openssh.com", b"ssh-ed25519"]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_key_and_certificate_are_shown_once_there_is_one(bench: Bench) -> None:
    assert (bench.kinds(), bench.identity.version) == (CERTIFIED[1:], 0)
    await bench.identity.refresh()
    assert (bench.kinds(), bench.identity.version) == (CERTIFIED, 1)


async def test_it_is_renewed_after_half_its_life(bench: Bench) -> None:
    await bench.identity.refresh()
    bench.clock.advance(TTL_S / 2 - 1)
    await bench.identity.refresh()
    assert bench.signer.asked == 1
    bench.clock.advance(1)
    await bench.identity.refresh()
    assert (bench.signer.asked, bench.identity.version) == (2, 2)


async def test_what_cannot_be_renewed_goes_on(bench: Bench) -> None:
    await bench.identity.refresh()
    bench.signer.fault = Unavailable(Code.SIGNER_UNAVAILABLE, "down")
    bench.clock.advance(TTL_S)
    for _ in range(2):
        await bench.identity.refresh()
    assert (bench.signer.asked, bench.kinds(), bench.identity.version) == (3, CERTIFIED, 1)
    bench.signer.fault = None
    await bench.identity.refresh()
    assert bench.identity.version == 2


async def test_another_ca_means_another_certificate(bench: Bench) -> None:
    await bench.identity.refresh()
    for count, step in enumerate(("begin", "switch", "retire"), start=2):
        getattr(Authority(bench.site, "host"), step)()
        await bench.identity.refresh()
        assert bench.identity.version == count


async def test_without_a_host_ca_the_key_is_shown_alone(bench: Bench) -> None:
    (bench.site.keys / "host_ca.pub").unlink()
    await bench.identity.refresh()
    assert (bench.signer.asked, bench.kinds()) == (0, CERTIFIED[1:])


async def test_without_a_name_too(tmp_path: Path) -> None:
    bench = Bench(tmp_path, listen="0.0.0.0:0")
    await bench.identity.refresh()
    assert (bench.signer.asked, bench.kinds()) == (0, CERTIFIED[1:])
