"""Revocation lists: what ssh-keygen wrote is read as it means it, and what is not understood revokes nothing."""

import shutil
import subprocess
from pathlib import Path

import asyncssh
import pytest

from jumphost.errors import Code, Refused
from jumphost.identity import krl
from jumphost.identity.krl import MAGIC, parse
from jumphost.identity.revocation import ANY_CA, Revocation, Revocations, of_ca, serial_range
from jumphost.model.identity import Caller, Certificate, Identity
from jumphost.sshkey import fingerprint, string

CA = asyncssh.generate_private_key("ssh-ed25519")
KEY = asyncssh.generate_private_key("ssh-ed25519")


def number(value: int, size: int = 8) -> bytes:
    return value.to_bytes(size, "big")


def listed(*sections: bytes, form: int = 1) -> bytes:
    head = MAGIC + number(form, 4) + number(7) + number(1000) + number(0) + string(b"") + string(b"why")
    return head + b"".join(sections)


def section(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + string(body)


def about(ca: bytes, *parts: bytes) -> bytes:
    return section(1, string(ca) + string(b"") + b"".join(parts))


def says(*sections: bytes) -> list[tuple[str, str]]:
    return [(entry.kind, entry.value) for entry in parse(listed(*sections)).entries]


OURS = fingerprint(CA.public_data)


def test_the_head() -> None:
    found = parse(listed())
    assert (found.version, found.generated, found.comment, found.entries) == (7, 1000, "why", ())


def test_serials_in_every_form() -> None:
    one_by_one = section(0x20, number(1) + number(5) + number(6) + number(7) + number(2**64 - 1))
    bitmap = section(0x22, number(100) + string(b"\x00\x81\x03"))  # 0, 1, 8 and 15
    found = says(about(CA.public_data, one_by_one, section(0x21, number(20) + number(30)), bitmap))
    ranges = [(1, 1), (5, 7), (2**64 - 1, 2**64 - 1), (20, 30), (100, 101), (108, 108), (115, 115)]
    assert found == [("serials", serial_range(OURS, low, high)) for low, high in ranges]


def test_ids_and_keys_of_one_ca_or_of_any() -> None:
    assert says(
        about(CA.public_data, section(0x23, string(b"job") + string("möwe".encode()))),
        about(b"", section(0x23, string(b"job")), section(0x20, number(0))),
        section(2, string(KEY.public_data)),
        section(5, string(b"\0" * 32)),
    ) == [
        ("ca_key_id", of_ca(OURS, "job")),
        ("ca_key_id", of_ca(OURS, "möwe")),
        ("ca_key_id", of_ca(ANY_CA, "job")),
        ("serials", serial_range(ANY_CA, 0, 0)),
        ("key", fingerprint(KEY.public_data)),
        ("key", "SHA256:" + "A" * 43),
    ]


def test_what_says_nothing_to_us() -> None:
    harmless = string(b"x@example") + b"\0" + string(b"content")
    assert says(section(255, harmless), section(4, b"whatever"), about(b"", section(0x39, harmless))) == []


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no such list"),
        (b"ssh-ed25519 AAAA", "no such list"),
        (listed(form=2), "format 2"),
        (listed()[:-1], "expected an SSH string"),
        (MAGIC + number(1, 4) + b"\0", "expected a number of 8"),
        (listed(b"\x01"), "expected an SSH string"),
        (listed(section(3, string(b"\0" * 20))), "SHA-1"),
        (listed(section(5, string(b"\0" * 20))), "a SHA-256 of 20 bytes"),
        (listed(section(9, b"")), "a section of kind 9"),
        (listed(section(2, string(b"key"))), "expected an SSH string"),
        (listed(section(255, string(b"x") + b"\1" + string(b""))), "critical extension"),
        (listed(section(255, string(b"x"))), "cut short"),
        (listed(about(b"", section(0x24, b""))), "0x24"),
        (listed(about(b"", section(0x20, b"\0"))), "expected a number of 8"),
        (listed(about(b"", section(0x21, number(2) + number(1)))), "from 2 to 1"),
        (listed(about(b"", section(0x21, number(1) + number(2) + b"\0"))), "from 1 to 2"),
        (listed(about(b"", section(0x22, number(0) + string(b"\x80")))), "a bitmap"),
        (listed(about(b"", section(0x22, number(2**64 - 1) + string(b"\x03")))), "a bitmap"),
        (listed(about(b"", section(0x23, string(b"\xff")))), "decode"),
        (listed(about(b"", section(0x23, string(b"x" * 1025)))), "1025 bytes"),
        (b"\0" * (krl.MAX_BYTES + 1), "expected at most"),
        (listed(about(b"", section(0x20, b"".join(number(n) for n in range(0, 200_004, 2))))), "100000 entries"),
    ],
)
def test_what_revokes_nothing(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as caught:
        parse(data)
    assert caught.value.code is Code.REQUEST_INVALID


def revoked(entries: tuple[Revocation, ...], *, serial: int = 5, key_id: str = "job", ca: str = OURS) -> bool:
    proof = Certificate(serial=str(serial), key_id=key_id, ca=ca)
    caller = Caller(Identity("job", "team", "main", certificate=proof), key=fingerprint(KEY.public_data))
    try:
        Revocations(entries).check(caller)
    except Refused:
        return True
    return False


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="install openssh-client: no ssh-keygen on PATH")
def test_lists_of_ssh_keygen(tmp_path: Path) -> None:
    ca, key = tmp_path / "ca.pub", tmp_path / "key.pub"
    ca.write_bytes(CA.export_public_key())
    key.write_bytes(KEY.export_public_key())

    def made(spec: str, *words: str) -> tuple[Revocation, ...]:
        (tmp_path / "spec").write_text(spec)
        (tmp_path / "krl").unlink(missing_ok=True)
        command = ["ssh-keygen", "-q", "-k", "-f", tmp_path / "krl", *words, tmp_path / "spec"]
        subprocess.run(command, check=True, capture_output=True)
        return parse((tmp_path / "krl").read_bytes()).entries

    by_ca = ("-s", str(ca))
    assert revoked(made("serial: 5\n", *by_ca))
    assert not revoked(made("serial: 5\n", *by_ca), ca="SHA256:other")
    assert not revoked(made("serial: 5\n", *by_ca), serial=6)
    assert revoked(made("serial: 5\n", "-s", "none"), ca="SHA256:other")
    assert revoked(made("id: job\n", *by_ca))
    assert not revoked(made("id: jobs\n", *by_ca))
    assert revoked(made(f"key: {key.read_text()}"))
    assert revoked(made(f"sha256: {key.read_text()}"))
    assert revoked(made(f"hash: {fingerprint(KEY.public_data)}\n"))
    assert not revoked(made(f"hash: {fingerprint(CA.public_data)}\n"), ca="SHA256:other")
    assert revoked(made(f"key: {ca.read_text()}"))  # a CA's key stands for all it signed
