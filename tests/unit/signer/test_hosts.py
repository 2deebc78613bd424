"""The gateway's own certificate."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import SSHCertificate, SSHCertificateType, load_ssh_public_identity

from jumphost.clock import NS_PER_S
from jumphost.errors import Code
from jumphost.signer.hosts import TTL_S
from jumphost.signer.protocol import Failed, Issued, IssueHost
from jumphost.testing.signing import SigningBench, new_public_line


@pytest.fixture
def bench(tmp_path: Path) -> SigningBench:
    return SigningBench.create(tmp_path)


def certified(bench: SigningBench, **settings: Any) -> SSHCertificate:
    bench.rewrite(bench.site.settings, lambda found: found.update(settings))
    made = bench.ask(IssueHost(new_public_line()))
    assert isinstance(made, Issued), made
    read = load_ssh_public_identity(made.certificate.encode())
    assert isinstance(read, SSHCertificate)
    return read


def test_it_is_a_host_certificate_for_a_day_by_the_host_ca(bench: SigningBench) -> None:
    made = certified(bench, names=["gw.example", "10.0.0.1"])
    assert made.type is SSHCertificateType.HOST
    assert made.valid_principals == [b"gw.example", b"10.0.0.1"]
    assert made.key_id == b"jumphost"
    assert (made.critical_options, made.extensions) == ({}, {})
    assert made.valid_before == bench.clock.now_ns() // NS_PER_S + TTL_S
    ca = load_ssh_public_identity((bench.site.signer / "host_ca.pub").read_bytes())
    assert made.signature_key() == ca
    record = bench.records.since(0)[-1]
    assert (record.kind, record.principal) == ("host", "gw.example")


@pytest.mark.parametrize(
    ("listen", "names"),
    [
        ("127.0.0.1:22", [b"127.0.0.1", b"localhost"]),
        ("[::1]:22", [b"::1", b"localhost"]),
        ("10.0.0.1:22", [b"10.0.0.1"]),
        ("gw.example:22", [b"gw.example"]),
    ],
)
def test_without_names_it_is_where_it_listens(bench: SigningBench, listen: str, names: list[bytes]) -> None:
    assert certified(bench, listen=listen).valid_principals == names


@pytest.mark.parametrize("listen", ["0.0.0.0:22", "[::]:22"])
def test_no_certificate_for_everything(bench: SigningBench, listen: str) -> None:
    bench.rewrite(bench.site.settings, lambda found: found.update(listen=listen))
    made = bench.ask(IssueHost(new_public_line()))
    assert isinstance(made, Failed)
    assert made.code == Code.SIGNER_REFUSED
    assert "expected `names`" in made.message


def test_no_key_no_certificate(bench: SigningBench) -> None:
    assert isinstance(bench.ask(IssueHost("ssh-ed25519 AAAA")), Failed)
    assert json.loads((bench.site.signer / "log.jsonl").read_text().splitlines()[-1])["kind"] == "refused"
