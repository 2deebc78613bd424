"""Drafts become certificates that OpenSSH reads."""

import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_ssh_public_identity
from msgspec.structs import replace

from jumphost.errors import Unavailable
from jumphost.signer.draft import Draft
from jumphost.signer.mint import load_key, new_serial, public_line, sign
from jumphost.sshkey import read_line
from jumphost.testing.signing import new_public_line

DRAFT = Draft(
    ca="target",
    kind="run",
    key=read_line(new_public_line()),
    key_id="jumphost:id:job",
    principal="app@db",
    valid_after=1_000_000_000,
    valid_before=1_000_000_060,
    critical={"source-address": "10.0.0.7", "force-command": "exec true"},
    extensions={"groups@jumphost": b'["a"]'},
)


@pytest.mark.parametrize(
    "key",
    [
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 3072),
    ],
    ids=["ed25519", "ecdsa", "rsa"],
)
def test_ssh_keygen_reads_what_was_signed(tmp_path: Path, key: Any) -> None:
    path = tmp_path / "x-cert.pub"
    path.write_text(sign(DRAFT, key, 7))
    shown = subprocess.run(
        ["ssh-keygen", "-Lf", path], env={"TZ": "UTC"}, check=True, capture_output=True, text=True
    ).stdout
    for part in (
        "user certificate",
        'Key ID: "jumphost:id:job"',
        "Serial: 7",
        "from 2001-09-09T01:46:40 to 2001-09-09T01:47:40",
        "force-command exec true",
        "source-address 10.0.0.7",
        read_line(public_line(key)).fingerprint,
        DRAFT.key.fingerprint,
    ):
        assert part in shown
    assert "permit" not in shown


def test_extensions_hold_the_raw_json() -> None:
    certificate: Any = load_ssh_public_identity(sign(DRAFT, ed25519.Ed25519PrivateKey.generate(), 7).encode())
    assert certificate.extensions == {b"groups@jumphost": b'["a"]'}
    assert certificate.valid_principals == [b"app@db"]


def test_nothing_is_signed_for_everybody() -> None:
    with pytest.raises(ValueError, match="without a principal"):
        sign(replace(DRAFT, principal=""), ed25519.Ed25519PrivateKey.generate(), 7)


def test_serials_fit_a_json_number_and_differ() -> None:
    serials = {new_serial() for _ in range(100)}
    assert len(serials) == 100
    assert all(0 < serial < 2**53 for serial in serials)


@pytest.mark.parametrize(("draw", "serial"), [(lambda below: 0, 1), (lambda below: below - 1, 2**53 - 1)])
def test_no_serial_is_zero_or_beyond_an_exact_number(
    draw: Callable[[int], int], serial: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "randbelow", draw)
    assert new_serial() == serial


def test_the_keys_of_a_new_site_can_be_used(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", tmp_path / "ca"], check=True)
    line = (tmp_path / "ca.pub").read_text()
    assert line.startswith(public_line(load_key(tmp_path / "ca")))


def test_a_key_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        load_key(tmp_path / "none")
    (tmp_path / "none").write_text("nonsense")
    with pytest.raises(Unavailable, match="cannot use its key"):
        load_key(tmp_path / "none")
    subprocess.run(["ssh-keygen", "-qt", "rsa", "-b", "2048", "-N", "", "-f", tmp_path / "weak"], check=True)
    with pytest.raises(Unavailable, match="2048 bits"):
        load_key(tmp_path / "weak")
    subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "secret", "-f", tmp_path / "locked"], check=True)
    with pytest.raises(Unavailable, match="cannot use its key"):
        load_key(tmp_path / "locked")
