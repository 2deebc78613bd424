"""What ssh-audit, which knows the weaknesses of SSH, says of the gateway."""

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from jumphost import wire
from jumphost.errors import Code, Unavailable
from jumphost.gateway import transport
from jumphost.testing.gateway import HOST, Fixed, rig

AUDIT = shutil.which("ssh-audit", path=str(Path(sys.executable).parent))
QUANTUM = "does not provide protection against post-quantum attacks"  # of curve25519: OpenSSH before 9.9 has no more
NIST = "using elliptic curves that are suspected as being backdoored by the U.S. National Security Agency"
ECDSA = "using weak random number generator could reveal the key"  # of every ECDSA host key

pytestmark = pytest.mark.skipif(AUDIT is None, reason="ssh-audit is not installed")


async def audited(port: int) -> dict[str, Any]:
    words = [str(AUDIT), "--json", "--skip-rate-test", "--port", str(port), HOST]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True)  # its status tells of warnings
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def notes(report: dict[str, Any], level: str) -> set[tuple[str, str]]:
    return {
        (found["algorithm"], text)
        for group in ("kex", "key", "enc", "mac")
        for found in report[group]
        for text in found["notes"].get(level, ())
    }


async def test_nothing_fails_and_nothing_but_curve25519_is_warned_of() -> None:
    async with rig() as here:
        report = await audited(here.port)
    assert notes(report, "fail") == set()
    assert notes(report, "warn") == {(name, QUANTUM) for name in wire.DEFAULT.kex if "curve25519" in name}
    assert report["cves"] == []
    assert "kex-strict-s-v00@openssh.com" in {found["algorithm"] for found in report["kex"]}


async def test_fips_has_no_fault_but_its_curves() -> None:
    async with rig(crypto="fips") as here:
        report = await audited(here.port)
    assert {text for _, text in notes(report, "fail")} == {NIST}
    assert {text for _, text in notes(report, "warn")} == {QUANTUM, ECDSA}
    offered = {found["algorithm"] for group in ("kex", "key", "enc") for found in report[group]}
    assert not [name for name in offered if "25519" in name and name != "mlkem768nistp256-sha256"]


async def test_fips_serves_a_client_of_its_kind_and_no_other() -> None:
    async with rig(crypto="fips") as here:
        key = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
        options = here.client_options([here.login(key=key)], "here", {})
        async with asyncssh.connect(HOST, here.port, **options) as client:
            assert client.get_extra_info("send_cipher") in wire.FIPS.ciphers
            assert (await client.run("echo served")).stdout == "served\n"
        with pytest.raises(asyncssh.PermissionDenied):
            await here.connect()  # ed25519
        with pytest.raises(asyncssh.KeyExchangeFailed):
            await here.connect(kex_algs=["curve25519-sha256"])


async def test_fips_does_not_start_with_another_host_key() -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    async with rig(crypto="fips") as here:
        with pytest.raises(Unavailable, match="got a host key of kind ssh-ed25519, expected ecdsa") as failed:
            await transport.listen(HOST, 0, here.gate, Fixed(key), here.settings, here.clock)
    assert failed.value.code is Code.GATEWAY_UNAVAILABLE
