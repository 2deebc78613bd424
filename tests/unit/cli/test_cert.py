"""Certificates from the command line: written where ssh looks, revoked where the gateway hears it."""

import asyncio
import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jumphost.cli.cert import app
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.gateway import control
from jumphost.identity import krl
from jumphost.signer.client import running
from jumphost.sshkey import read_line, string
from jumphost.testing.commands import Ran, run

CA = "SHA256:" + "A" * 43


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    return made


@pytest.fixture
def key(tmp_path: Path) -> Path:
    subprocess.run(["ssh-keygen", "-qt", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    return tmp_path / "key.pub"


def cert(*words: object) -> Ran:
    return run("cert", *words)


def shown(key: Path) -> str:
    path = key.with_name("key-cert.pub")
    return subprocess.run(["ssh-keygen", "-Lf", path], check=True, capture_output=True, text=True).stdout


def test_issue_without_a_running_signer(site: Site, key: Path) -> None:
    ran = cert("issue", "--identity", "order-service", key)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(f"{key.with_name('key-cert.pub')}: order-service, serial ")
    text = shown(key)
    assert 'Key ID: "order-service"' in text
    assert read_line((site.keys / "caller_ca.pub").read_text()).fingerprint in text
    assert "(none)" in text
    assert not list(key.parent.glob(".*"))


async def test_issue_by_the_signer_that_runs(site: Site, key: Path) -> None:
    options = ("--scope", "exec:a", "--source-address", "10.0.0.0/8", "--force-command", "true", "--ttl", "90s")
    async with running(site):
        ran = await asyncio.to_thread(cert, "issue", "--identity", "order-service", *options, "--json", key)
    assert ran.json["identity"] == "order-service"
    assert ran.json["certificate"] == str(key.with_name("key-cert.pub"))
    for part in ("force-command true", "source-address 10.0.0.0/8", f"Serial: {ran.json['serial']}", "scope@jumphost"):
        assert part in shown(key)


def test_a_new_certificate_takes_the_place_of_the_old(site: Site, key: Path) -> None:
    first, second = (cert("issue", "--identity", "order-service", "--json", key).json["serial"] for _ in range(2))
    assert first != second
    assert f"Serial: {second}" in shown(key)


def test_what_the_signer_refuses(site: Site, key: Path) -> None:
    ran = cert("issue", "--identity", "ghost", key)
    assert ran.status == 77
    assert ran.err.startswith("jumphost: signer.refused: got identity 'ghost'")
    assert "at most 900 s" in cert("issue", "--identity", "order-service", "--ttl", "16m", key).err
    assert not key.with_name("key-cert.pub").exists()


def test_wrong_use(site: Site, key: Path, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pub"
    nonsense.write_text("nonsense")
    who = ("issue", "--identity", "order-service")
    for words, says in (
        ((*who, key.with_suffix("")), "expected a public key: KEY.pub"),
        ((*who, tmp_path / "none.pub"), "cannot be read"),
        ((*who, nonsense), "nonsense.pub"),
        ((*who, "--ttl", "soon", key), "expected a time such as 90s"),
        (("revoke",), "expected one of --serial"),
        (("revoke", "--serial", 7, "--identity", "x"), "expected one of --serial"),
        (("revoke", "--key-id", "x", "--ca", CA), "expected one of --serial"),
        (("revoke", "--ca", "main"), "expected a fingerprint"),
    ):
        ran = cert(*words)
        assert ran.status == 2
        assert says in ran.err
    assert app.info.help


def test_a_file_that_cannot_be_written(site: Site, key: Path) -> None:
    key.with_name("key-cert.pub").mkdir()
    ran = cert("issue", "--identity", "order-service", key)
    assert ran.status == 2
    assert "cannot write" in ran.err


async def revoked(site: Site, *words: object) -> tuple[Ran, list[dict[str, Any]]]:
    calls: list[dict[str, Any]] = []

    async def revoke(args: dict[str, Any]) -> dict[str, int]:
        calls.append(args)
        return {"ended": 2}

    async with await control.serve(site.control_socket, {"cert.revoke": revoke}):
        return await asyncio.to_thread(cert, "revoke", *words), calls


async def test_revoke(site: Site) -> None:
    ours = read_line((site.keys / "caller_ca.pub").read_text()).fingerprint
    for words, entry in (
        (("--serial", 7), ("serial", f"{ours}:7", "")),
        (("--serial", 7, "--ca", CA), ("serial", f"{CA}:7", "")),
        (("--ca", CA), ("ca", CA, "")),
        (("--key-id", "k"), ("key_id", "k", "")),
        (("--identity", "job", "--reason", "stolen"), ("identity", "job", "stolen")),
    ):
        ran, calls = await revoked(site, *words)
        assert calls == [dict(zip(("kind", "value", "reason"), entry, strict=True))]
        assert ran.out == f"revoked {entry[0]} {entry[1]}: 2 live connections ended\n"
    ran, _ = await revoked(site, "--identity", "job", "--json")
    assert ran.json == {"kind": "identity", "value": "job", "reason": "", "ended": 2}


def test_revoke_needs_the_gateway_and_for_a_serial_the_ca(site: Site) -> None:
    assert cert("revoke", "--identity", "job").status == 69
    (site.keys / "caller_ca.pub").unlink()
    assert "name the CA" in cert("revoke", "--serial", 7).err


async def test_a_revocation_list_goes_in_parts(site: Site, tmp_path: Path) -> None:
    ca = string(b"") + string(b"")
    serials = b"\x20" + string(b"".join((2 * number).to_bytes(8, "big") for number in range(1, 602)))
    data = krl.MAGIC + b"\0\0\0\1" + b"\0" * 24 + string(b"") * 2 + b"\1" + string(ca + serials)
    path = tmp_path / "krl"
    path.write_bytes(data)
    calls: list[dict[str, Any]] = []

    async def take(args: dict[str, Any]) -> dict[str, int]:
        calls.append(args)
        return {"ended": 1, "withdrawn": 0}

    async with await control.serve(site.control_socket, {"cert.revoke_list": take}):
        ran = await asyncio.to_thread(cert, "revoke", "--krl", path, "--json")
    digest = hashlib.sha256(data).hexdigest()
    assert [(call["sha256"], len(call["entries"])) for call in calls] == [(digest, 500), (digest, 101)]
    assert calls[0]["entries"][0] == {"kind": "serials", "value": "*:2-2", "reason": ""}
    assert (ran.status, ran.json["entries"], ran.json["ended"]) == (0, 601, 2)


def test_what_is_no_revocation_list(site: Site, tmp_path: Path) -> None:
    (tmp_path / "krl").write_text("serial: 5\n")
    ran = cert("revoke", "--krl", tmp_path / "krl")
    assert (ran.status, "no such list" in ran.err) == (65, True)
    assert cert("revoke", "--krl", tmp_path / "none").status == 2
    assert cert("revoke", "--krl", tmp_path / "krl", "--identity", "x").status == 2
