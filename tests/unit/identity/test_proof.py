"""Nonces of this process, and signatures over them by the key that is to be certified."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.errors import Code, Refused
from jumphost.evidence import sshsig
from jumphost.evidence.sshsig import PrivateKey
from jumphost.identity.proof import LIFE_S, NAMESPACE, Nonces, holds

NOW = 1_000_000
KEY = ed25519.Ed25519PrivateKey.generate()


def line(key: PrivateKey) -> str:
    return serialize_ssh_public_key(key.public_key()).decode()


def test_a_nonce_lives_a_minute() -> None:
    nonces = Nonces()
    nonce = nonces.make(NOW)
    assert nonces.make(NOW) != nonce
    assert [nonces.check(nonce, NOW), nonces.check(nonce, NOW + LIFE_S - 1)] == [NOW + LIFE_S] * 2
    with pytest.raises(Refused, match="got a nonce that ended 0 s ago") as caught:
        nonces.check(nonce, NOW + LIFE_S)
    assert caught.value.code is Code.PROOF_INVALID


def test_what_is_no_nonce_of_ours() -> None:
    nonces = Nonces()
    nonce = nonces.make(NOW)
    later = bytearray(base64.urlsafe_b64decode(nonce))
    later[20] ^= 1
    forged = base64.urlsafe_b64encode(later).decode()
    for wrong in ("", "x", "é" * 76, nonce[:-1], f"{nonce}=", f"{nonce}\n", f" {nonce}", "A" * 76, forged):
        with pytest.raises(Refused, match="got no nonce of this server"):
            nonces.check(wrong, NOW)
    with pytest.raises(Refused):
        Nonces().check(nonce, NOW)


def test_a_nonce_can_be_written_in_one_way_only() -> None:
    nonces = Nonces()
    nonce = next(made for _ in range(1000) if "-" in (made := nonces.make(NOW)))
    with pytest.raises(Refused):
        nonces.check(nonce.replace("-", "+"), NOW)


@pytest.mark.parametrize("key", [KEY, ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65_537, 3072)])
def test_keys_that_prove_themselves(key: PrivateKey) -> None:
    assert holds(line(key), "nonce", sshsig.sign(key, b"nonce", NAMESPACE)).line == line(key)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "nonsense",
        sshsig.sign(KEY, b"other", NAMESPACE),
        sshsig.sign(KEY, b"nonce", "approval@jumphost"),
        sshsig.sign(KEY, b"nonce", "file"),
        sshsig.sign(ed25519.Ed25519PrivateKey.generate(), b"nonce", NAMESPACE),
    ],
)
def test_signatures_that_prove_nothing(signature: str) -> None:
    with pytest.raises(Refused) as caught:
        holds(line(KEY), "nonce", signature)
    assert caught.value.code is Code.PROOF_INVALID


def test_keys_that_are_none() -> None:
    weak = rsa.generate_private_key(65_537, 2048)
    signature = sshsig.sign(KEY, b"nonce", NAMESPACE)
    with pytest.raises(Refused) as caught:
        holds(line(weak), "nonce", signature)
    assert caught.value.code is Code.IDENTITY_WEAK_KEY
    for text in ("", "ssh-ed25519", "ssh-ed25519 AAAA", f"{line(KEY)}\n{line(KEY)}"):
        with pytest.raises(Refused) as caught:
            holds(text, "nonce", signature)
        assert caught.value.code is Code.REQUEST_INVALID
