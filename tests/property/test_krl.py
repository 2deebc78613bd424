"""Revocation lists: one of ssh-keygen means what its specification said, and no bytes do worse than be refused."""

import contextlib
import shutil
import subprocess
import tempfile
from pathlib import Path

import asyncssh
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.errors import Refused
from jumphost.identity.krl import MAGIC, parse
from jumphost.identity.revocation import Revocations, of_ca
from jumphost.model.identity import Caller, Certificate, Identity
from jumphost.sshkey import fingerprint

CA = asyncssh.generate_private_key("ssh-ed25519")
OURS = fingerprint(CA.public_data)
SERIALS = st.one_of(st.integers(1, 300), st.integers(1, 2**64 - 1))
RANGES = st.tuples(SERIALS, SERIALS).map(sorted)
IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), min_size=1, max_size=20)


def revoked(found: Revocations, serial: int, key_id: str = "") -> bool:
    try:
        found.check(Caller(Identity("job", "team", "main", certificate=Certificate(str(serial), key_id, ca=OURS))))
    except Refused:
        return True
    return False


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="install openssh-client: no ssh-keygen on PATH")
@settings(max_examples=60, deadline=None)
@given(ranges=st.lists(RANGES, max_size=12), ids=st.lists(IDS, max_size=4), others=st.lists(SERIALS, max_size=20))
def test_a_list_means_what_its_specification_said(ranges: list[list[int]], ids: list[str], others: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ca.pub").write_bytes(CA.export_public_key())
        lines = [f"serial: {low}-{high}" if low < high else f"serial: {low}" for low, high in ranges] + [
            f"id: {text}" for text in ids
        ]
        (folder / "spec").write_text("\n".join(lines) + "\n")
        command = ["ssh-keygen", "-q", "-k", "-f", folder / "krl", "-s", folder / "ca.pub", folder / "spec"]
        subprocess.run(command, check=True, capture_output=True)
        found = Revocations(parse((folder / "krl").read_bytes()).entries)
    edges = {edge + step for bounds in ranges for edge in bounds for step in (-1, 0, 1)}
    for serial in edges | set(others):
        if 0 < serial < 2**64:
            assert revoked(found, serial) == any(low <= serial <= high for low, high in ranges)
    if not ranges:
        for text in ids:
            assert revoked(found, 1, text)
            assert revoked(found, 1, text + "x") == (text + "x" in ids)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
@example(b"\1\0\0\0\0")
def test_no_bytes_do_worse_than_be_refused(body: bytes) -> None:
    head = MAGIC + b"\0\0\0\1" + b"\0" * 24 + b"\0\0\0\0" * 2
    for data in (body, head + body):
        with contextlib.suppress(Refused):
            Revocations(parse(data).entries)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_a_list_with_a_byte_changed_is_refused_or_read(data: st.DataObject) -> None:
    whole = bytearray(_whole())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Refused):
        parse(bytes(whole[: data.draw(st.integers(0, len(whole)))]))


def _whole() -> bytes:
    """Every kind of section."""

    def string(value: bytes) -> bytes:
        return len(value).to_bytes(4, "big") + value

    serials = b"\x20" + string(b"\0" * 7 + b"\5") + b"\x21" + string(b"\0" * 15 + b"\7")
    more = b"\x22" + string(b"\0" * 8 + string(b"\3")) + b"\x23" + string(string(of_ca("a", "b").encode()))
    parts = b"\1" + string(string(CA.public_data) + string(b"") + serials + more)
    keys = b"\2" + string(string(CA.public_data)) + b"\5" + string(string(b"\0" * 32))
    return MAGIC + b"\0\0\0\1" + b"\0" * 24 + string(b"") * 2 + parts + keys
