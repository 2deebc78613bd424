"""Which keys a certificate is made for."""

import base64

import pytest

from jumphost.errors import Code, Refused
from jumphost.signer.draft import key_of, refuse
from jumphost.sshkey import string
from jumphost.testing.signing import new_public_line


def test_the_key_of_a_line() -> None:
    line = new_public_line()
    key = key_of(f"{line} a comment")
    assert (key.algorithm, key.blob) == ("ssh-ed25519", key_of(line).blob)


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "no key at all"])
def test_what_is_no_key(line: str) -> None:
    with pytest.raises(Refused) as caught:
        key_of(line)
    assert caught.value.code is Code.SIGNER_REFUSED


def test_security_keys_are_of_people() -> None:
    name = b"sk-ssh-ed25519@openssh.com"
    blob = base64.b64encode(b"".join(map(string, (name, b"k" * 32, b"ssh:")))).decode()
    with pytest.raises(Refused, match="got a security key"):
        key_of(f"{name.decode()} {blob}")


def test_a_refusal_is_the_signers() -> None:
    with pytest.raises(Refused) as caught:
        refuse("no", detail="why")
    assert (caught.value.code, caught.value.message, caught.value.detail) == (Code.SIGNER_REFUSED, "no", "why")
