"""SSHSIG both ways with ssh-keygen, and what is refused."""

import base64
import hashlib
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization.ssh import load_ssh_private_key

from jumphost.errors import Code, Refused
from jumphost.evidence.sshsig import armor, parse, sign, signed_data, verify
from jumphost.sshkey import read_line, string

MESSAGE, NAMESPACE = b'{"verdict":"approve"}', "approval@jumphost"
KINDS = [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "3072")]


def keygen(*words: object, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["ssh-keygen", *map(str, words)], input=data, capture_output=True, check=False)


@pytest.fixture(params=KINDS, ids="-".join)
def key(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kind, bits = request.param
    path = tmp_path / "key"
    assert keygen("-qt", kind, *(["-b", bits] if bits else []), "-N", "", "-f", path).returncode == 0
    return path


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
def test_signatures_of_ssh_keygen_verify(key: Path, digest: str, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(MESSAGE)
    made = keygen("-Y", "sign", "-O", f"hashalg={digest}", "-f", key, "-n", NAMESPACE, tmp_path / "text")
    assert made.returncode == 0, made.stderr
    public = read_line(key.with_suffix(".pub").read_text())
    assert verify((tmp_path / "text.sig").read_text(), MESSAGE, NAMESPACE).blob == public.blob


def test_ssh_keygen_verifies_our_signatures(key: Path, tmp_path: Path) -> None:
    private: Any = load_ssh_private_key(key.read_bytes(), None)
    (tmp_path / "ours.sig").write_text(sign(private, MESSAGE, NAMESPACE))
    (tmp_path / "signers").write_text("alice " + key.with_suffix(".pub").read_text())
    words = ("-Y", "verify", "-f", tmp_path / "signers", "-I", "alice", "-n", NAMESPACE, "-s", tmp_path / "ours.sig")
    assert keygen(*words, data=MESSAGE).returncode == 0
    assert keygen(*words, data=MESSAGE + b" ").returncode != 0


ALICE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))


def blob_of(key: Any) -> bytes:
    return read_line(key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()).blob


def changed(armored: str, change: Callable[[bytes], bytes]) -> str:
    body = base64.b64decode("".join(armored.splitlines()[1:-1]))
    lines = armored.splitlines()
    return "\n".join([lines[0], base64.b64encode(change(body)).decode(), lines[-1]])


def refused(armored: str, message: bytes = MESSAGE, namespace: str = NAMESPACE) -> str:
    with pytest.raises(Refused) as caught:
        verify(armored, message, namespace)
    assert caught.value.code is Code.SIGNATURE_INVALID
    return caught.value.message


def test_another_text_namespace_or_signature_is_refused() -> None:
    good = sign(ALICE, MESSAGE, NAMESPACE)
    assert verify(good, MESSAGE, NAMESPACE).blob == blob_of(ALICE.public_key())
    assert "not one of" in refused(good, MESSAGE + b"x")
    assert "expected namespace 'file'" in refused(good, MESSAGE, "file")
    assert "not one of" in refused(changed(good, lambda body: body[:-1] + bytes([body[-1] ^ 1])))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda body: b"SSHSIF" + body[6:], "expected SSHSIG version 1"),
        (lambda body: body[:9] + b"\2" + body[10:], "expected SSHSIG version 1"),
        (lambda body: body + b"x", "1 bytes after its end"),
        (lambda body: body[:-1], "SSH string"),
        (lambda body: body.replace(b"sha512", b"sha384"), "expected sha256 or sha512"),
        (lambda body: body.replace(b"sha512", b"\xff" * 6), "no readable"),
        (lambda body: body.replace(b"ssh-ed25519", b"ssh-ed25518"), "ssh-ed25518"),
    ],
)
def test_a_body_that_is_none_is_refused(change: Callable[[bytes], bytes], says: str) -> None:
    assert says in refused(changed(sign(ALICE, MESSAGE, NAMESPACE), change))


@pytest.mark.parametrize(
    "text", ["", "x", "-----BEGIN SSH SIGNATURE-----\n!\n-----END SSH SIGNATURE-----", "x" * 20_000]
)
def test_an_armor_that_is_none_is_refused(text: str) -> None:
    assert "no readable SSH signature" in refused(text)


def test_sha1_and_small_rsa_are_refused() -> None:
    data = signed_data(MESSAGE, NAMESPACE)
    strong = rsa.generate_private_key(65537, 3072)
    old = string(b"ssh-rsa") + string(strong.sign(data, padding.PKCS1v15(), hashes.SHA1()))
    assert "signature kind 'ssh-rsa'" in refused(armor(blob_of(strong.public_key()), old, NAMESPACE))
    small = rsa.generate_private_key(65537, 2048)
    with pytest.raises(ValueError, match="2048 bits"):
        sign(small, MESSAGE, NAMESPACE)


def test_rsa_sha2_256_verifies() -> None:
    key = rsa.generate_private_key(65537, 3072)
    data = signed_data(MESSAGE, NAMESPACE)
    signature = string(b"rsa-sha2-256") + string(key.sign(data, padding.PKCS1v15(), hashes.SHA256()))
    assert verify(armor(blob_of(key.public_key()), signature, NAMESPACE), MESSAGE, NAMESPACE).algorithm == "ssh-rsa"


def security_key(kind: str, flags: int, message: bytes = MESSAGE) -> str:
    """What a FIDO token would give (PROTOCOL.u2f), with the key in software."""
    trailer = bytes([flags]) + (7).to_bytes(4, "big")
    data = hashlib.sha256(b"ssh:").digest() + trailer + hashlib.sha256(signed_data(message, NAMESPACE)).digest()
    name = f"sk-{kind}@openssh.com".encode()
    if kind == "ssh-ed25519":
        raw = ALICE.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        blob, signature = string(name) + string(raw) + string(b"ssh:"), ALICE.sign(data)
    else:
        key = ec.derive_private_key(7, ec.SECP256R1())
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        blob = string(name) + string(b"nistp256") + string(point) + string(b"ssh:")
        numbers = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        signature = b"".join(string(number.to_bytes(33, "big")) for number in numbers)
    return armor(blob, string(name) + string(signature) + trailer, NAMESPACE)


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_security_keys_count_only_when_touched(kind: str) -> None:
    touched = security_key(kind, 1)
    assert verify(touched, MESSAGE, NAMESPACE).algorithm == f"sk-{kind}@openssh.com"
    assert parse(touched).trailer == b"\1\0\0\0\7"
    assert "nobody touched" in refused(security_key(kind, 0))
    assert "not one of" in refused(touched, MESSAGE + b"x")
    assert "not one of" in refused(changed(touched, lambda body: body[:-1] + b"\x08"))


def test_bytes_after_a_signature_are_refused() -> None:
    blob, data = blob_of(ALICE.public_key()), signed_data(MESSAGE, NAMESPACE)
    longer = string(b"ssh-ed25519") + string(ALICE.sign(data)) + b"\1\0\0\0\7"
    assert "5 bytes after the signature" in refused(armor(blob, longer, NAMESPACE))
    key = ec.derive_private_key(7, ec.SECP256R1())
    r, s = (n.to_bytes(33, "big") for n in decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256()))))
    wide = string(b"ecdsa-sha2-nistp256") + string(string(r) + string(s) + b"x")
    assert "not one of" in refused(armor(blob_of(key.public_key()), wide, NAMESPACE))
