import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import pytest
from msgspec.structs import replace

from jumphost import registry
from jumphost.cli import checkup
from jumphost.clock import NS_PER_S, SystemClock
from jumphost.config.create import create_site
from jumphost.config.edit import append_entry
from jumphost.config.issuers import Issuer
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Problem, Unavailable
from jumphost.model.event import Event, Kind
from jumphost.model.target import Target
from jumphost.store.requests import Requests
from jumphost.store.sqlite import Store
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import serving
from jumphost.testing.saml import LocalIdp


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = create_site(tmp_path / "site", example=True)
    site.settings.write_text(site.settings.read_text().replace("engine: auto ", "engine: embedded "))
    return site


def codes(found: Iterator[Problem] | list[Problem]) -> list[str]:
    return [problem.code for problem in found]


async def journalled(site: Site, *, at_ns: int = 1) -> None:
    store = Store.open(site.journal_db, log="gw")
    await store.write(None, Event(Kind.SYSTEM_START, at_ns))
    await store.close()


async def test_a_new_site_has_nothing(site: Site) -> None:
    found = await checkup.everything(site, targets=False)
    assert all(problems == [] for problems in found.values())
    before = ["files", "keys", "sockets", "journal", "clock", "gateway"]
    assert list(found) == [*before, "disks", "policy", "signer", "issuers", "sandboxes"]


async def test_a_sandbox_that_cannot_be_made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumphost.target.bubble.PATH", "/nonexistent")
    here = {"kind": "process", "logins": ["app"]}
    append_entry(site.targets, "here", here, check=lambda _: None)
    [problem] = (await checkup.everything(site, targets=False))["sandboxes"]
    assert (problem.key, problem.code) == ("here", "target.unreachable")
    assert "apt-get install bubblewrap" in problem.message


async def test_wrong_files_end_what_needs_them(site: Site) -> None:
    site.identities.write_text("x: [")
    found = await checkup.everything(site, targets=True)
    assert found["files"]
    assert "policy" not in found


@pytest.mark.parametrize("name", ["host_key", "requests_key"])
def test_a_key_that_is_none(site: Site, name: str) -> None:
    (site.keys / name).write_text("not a key")
    [problem] = checkup.keys(site)
    assert (problem.code, problem.file) == ("key.unusable", str(site.keys / name))
    (site.keys / name).unlink()
    assert list(checkup.keys(site)) == []  # the files' finding


def test_a_site_too_deep_for_sockets(tmp_path: Path) -> None:
    assert codes(checkup.sockets(Site(tmp_path / ("x" * 100)))) == ["socket.path"] * 2


async def test_a_journal_that_is_whole_and_one_that_is_not(site: Site) -> None:
    await journalled(site)
    assert list(checkup.journal(site)) == []
    site.requests_db.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    [problem] = checkup.journal(site)
    assert (problem.code, problem.file) == ("journal.damaged", str(site.requests_db))
    assert "file is not a database" in problem.message
    assert "evidence" in problem.fix


async def test_a_damaged_page_is_found(site: Site) -> None:
    await journalled(site)
    content = bytearray(site.journal_db.read_bytes())
    content[4096:8192] = os.urandom(4096)
    site.journal_db.write_bytes(content)
    assert codes(checkup.journal(site)) == ["journal.damaged"]


async def test_a_clock_behind_the_journal(site: Site) -> None:
    clock = ManualClock()
    assert list(checkup.wall_clock(site, clock)) == []
    await journalled(site, at_ns=clock.now_ns() + 60 * NS_PER_S)
    [problem] = checkup.wall_clock(site, clock)
    assert problem.code == "clock.behind"
    assert "--clock-is-right" in problem.fix
    clock.advance(60)
    assert list(checkup.wall_clock(site, clock)) == []


def test_a_gateway_that_is_gone_and_one_that_is_silent(site: Site) -> None:
    assert list(checkup.gateway(site)) == []
    site.ready_file.write_text(json.dumps({"event": "ready"}))
    assert codes(checkup.gateway(site)) == ["gateway.gone"]
    site.control_socket.write_text("no socket")
    assert codes(checkup.gateway(site)) in (["gateway.silent"], ["gateway.gone"])


def test_a_disk_without_room_and_one_that_is_not_there_for_us(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.settings.write_text(f"{site.settings.read_text()}\nrecording: {{path: /proc/none}}\n")
    config = load_site(site)
    assert "limit.disk" in codes(checkup.disks(site, config))
    monkeypatch.setattr(checkup.os, "access", lambda path, mode: False)  # root may write anywhere
    assert codes(checkup.disks(site, config)) == ["disk.read_only"] * 3


async def test_a_policy_that_cannot_be_loaded(site: Site) -> None:
    (site.policies / "rules/broken.rego").write_text("package policies.rules.broken.one\nallow if {")
    assert [problem async for problem in checkup.policy(site, load_site(site))]


@pytest.mark.parametrize("spoil", [lambda site: (site.signer / "caller_ca").unlink()])
async def test_a_signer_that_does_not_start(site: Site, spoil: Callable[[Site], object]) -> None:
    spoil(site)
    assert [problem.code async for problem in checkup.signer(site)] == ["signer.unavailable"]


async def test_requests_are_opened_by_the_key_that_was_looked_at(site: Site) -> None:
    requests = Requests.open(site.requests_db, key_file=site.keys / "requests_key")
    await requests.close()
    assert list(checkup.journal(site)) == []
    assert list(checkup.wall_clock(site, SystemClock())) == []


@pytest.mark.parametrize(
    ("pinned", "code"),
    [
        ("the one", []),
        ("another", ["target.host_key"]),
        ("another kind", []),
        ("nothing listens", ["target.unreachable"]),
    ],
)
async def test_a_target_answers_with_its_own_host_key(site: Site, pinned: str, code: list[str]) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519")
    kinds = {"another": "ssh-ed25519", "another kind": "ecdsa-sha2-nistp256"}
    known = asyncssh.generate_private_key(kinds[pinned]) if pinned in kinds else key
    server = await asyncssh.listen("127.0.0.1", 0, server_host_keys=[key])
    target = Target("db", ("app",), host="127.0.0.1", port=server.get_port())
    target = replace(target, host_keys=(known.export_public_key().decode().strip(),))
    if pinned == "nothing listens":
        server.close()
        await server.wait_closed()
    assert codes(await checkup.reachable(replace(load_site(site), targets={"db": target}))) == code
    server.close()


async def test_an_engine_that_does_not_come_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: object) -> None:
        raise Unavailable(Code.POLICY_UNAVAILABLE, "no worker started")

    monkeypatch.setattr(registry, "engine", none)
    assert [problem.code async for problem in checkup.policy(site, load_site(site))] == ["policy.unavailable"]


async def test_issuers_of_tokens(site: Site, tmp_path: Path) -> None:
    clock = SystemClock()
    idp = LocalIdp(tmp_path, clock)
    with serving(clock) as issuer:
        match = [{"require": {"a": "b"}, "identity": "order-service"}]
        good = {"issuer": issuer.url, "audience": "x", "match": match}
        nobody = {**good, "issuer": "https://a.example", "jwks": "keys.json"}
        nobody["match"] = [{"require": {"a": "b"}, "identity": "nobody"}]
        sso = {"kind": "saml", "issuer": "https://idp.example", "audience": "x", "match": match}
        sso |= {"certificate": str(idp.cert), "recipient": "https://gw.example"}
        (site.root / "keys.json").write_bytes(issuer.jwks())
        entries = json.dumps({"ci": good, "nobody": nobody, "sso": sso})
        site.settings.write_text(f"{site.settings.read_text()}\nissuers: {entries}\n")
        config = load_site(site)
        found = [problem async for problem in checkup.issuers(site, config, clock)]
        assert [(one.key, one.code) for one in found] == [("issuers.nobody.match", "issuer.identity")]
        issuer.down = True
        (site.root / "keys.json").write_text('{"keys": []}')
        idp.cert.write_text("nonsense")
        found = [problem async for problem in checkup.issuers(site, config, clock)]
    assert [one.key for one in found if one.code == "token.unavailable"] == [
        "issuers.ci",
        "issuers.nobody",
        "issuers.sso",
    ]
    assert "got status 503" in found[0].message


async def test_a_pinned_certificate_that_ended(site: Site, tmp_path: Path) -> None:
    clock = ManualClock("2099-01-01T00:00:00Z")
    idp = LocalIdp(tmp_path, clock)
    entry = Issuer(
        "https://idp.example", "x", (), kind="saml", certificate=str(idp.cert), recipient="https://gw.example"
    )
    with pytest.raises(ValueError, match="got only certificates that ended or"):
        await registry.issuer_keys(site, entry, clock.now_ns())
