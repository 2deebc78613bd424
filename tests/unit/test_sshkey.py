"""Public keys as files and wires have them."""

import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.sshkey import WeakKey, fingerprint, read_blob, read_line, require_strong, string, take_string

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEqYyKa1uXUgD4XPDCo1VrzHG1s+9mLtdOf+fPqX1mAG"


@pytest.mark.parametrize(
    ("kind", "bits"), [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521"), ("rsa", "3072")]
)
def test_keys_of_ssh_keygen_are_read_as_it_prints_them(tmp_path: Path, kind: str, bits: str) -> None:
    path = tmp_path / "key"
    size = ["-b", bits] if bits else []
    subprocess.run(["ssh-keygen", "-qt", kind, *size, "-N", "", "-C", "a comment", "-f", path], check=True)
    text = path.with_suffix(".pub").read_text()
    key = read_line(text)
    printed = subprocess.run(["ssh-keygen", "-lf", path], check=True, capture_output=True, text=True).stdout
    assert key.fingerprint == printed.split()[1]
    assert key.fingerprint == fingerprint(key.blob)
    assert key.comment == "a comment"
    assert text == f"{key.line} a comment\n"
    assert read_blob(key.blob).line == key.line
    assert key.application == b""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "got no line or several"),
        (f"{ED25519}\n{ED25519}\n", "got no line or several"),
        ("ssh-ed25519", "SSH string"),
        ("ssh-ed25519 !!!", "not base64"),
        ("ssh-ed25519 ÄÄÄ", "not base64"),
        (ED25519.replace("ssh-ed25519 ", "ssh-rsa "), "says 'ssh-rsa' and a key of ssh-ed25519"),
        (ED25519[:-8], "SSH string|malformed"),
        ("ssh-ed25519 " + "A" * 100_000, "at most 65536"),
    ],
)
def test_what_is_not_one_plain_key_is_an_error_that_says_why(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_line(text)


def test_a_certificate_is_no_key() -> None:
    with pytest.raises(ValueError, match="got a certificate, expected a plain public key"):
        read_blob(string(b"ssh-ed25519-cert-v01@openssh.com") + string(b"x"))


def test_other_kinds_and_small_rsa_keys_are_weak() -> None:
    with pytest.raises(WeakKey, match="ssh-dss"):
        read_blob(string(b"ssh-dss") + string(b"x"))
    small = rsa.generate_private_key(65537, 2048).public_key()
    with pytest.raises(WeakKey, match="2048 bits"):
        read_line(serialize_ssh_public_key(small).decode())
    with pytest.raises(WeakKey, match="got a str"):
        require_strong("a key?")


def test_a_second_encoding_of_a_key_is_refused() -> None:
    strong = rsa.generate_private_key(65537, 3072).public_key()
    blob = read_line(serialize_ssh_public_key(strong).decode()).blob
    name, rest = take_string(blob)
    exponent, rest = take_string(rest)
    with pytest.raises(ValueError, match=r"canonical|malformed"):
        read_blob(string(name) + string(b"\0" + exponent) + rest)


def test_a_security_key_says_what_it_signs_for() -> None:
    point = take_string(take_string(read_line(ED25519).blob)[1])[0]
    key = read_blob(string(b"sk-ssh-ed25519@openssh.com") + string(point) + string(b"ssh:"))
    assert (key.algorithm, key.application) == ("sk-ssh-ed25519@openssh.com", b"ssh:")


def test_strings_of_the_wire() -> None:
    assert take_string(string(b"ab") + b"c") == (b"ab", b"c")
    for cut in (b"", b"\0\0\0", b"\0\0\0\2a", b"\xff\xff\xff\xff"):
        with pytest.raises(ValueError, match="expected an SSH string"):
            take_string(cut)
