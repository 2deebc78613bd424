"""Who may log in, for how long, and what ends it: a running site, its operator's command line, real commands."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import asyncssh
import msgspec
import pytest
from asyncssh.packet import Boolean, String

from jumphost.audit.questions import Questions
from jumphost.clock import NS_PER_S, SystemClock, parse_rfc3339
from jumphost.testing.gateway import Door
from jumphost.testing.lab import lab_site, master
from jumphost.testing.raw import FAILURE, SUCCESS, RawClient
from jumphost.testing.site import LiveSite, has_ssh

CLOCK = SystemClock()
NOW_S = CLOCK.now_ns() // NS_PER_S
ANYBODY = """
allow contains verdict if {
	input.target.name == "batch-host"
	input.command.tier == "literal"
	input.command.commands[0].program == "sh"
	verdict := result.allow("lab.any.sh", "runs a script", {})
}
"""
BEGUN = "sh -c 'echo begun; exec sleep {}'"


@pytest.fixture(scope="module")
def own() -> Iterator[LiveSite]:
    """A lab that these tests may change and start again."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with lab_site() as site:
        site.write_rule("lab", "any", ANYBODY)
        site.stop()
        site.start()
        yield site


def door(site: LiveSite, ca: str = "caller_ca") -> Door:
    """The way in, with certificates by the CA's own key: also ones that the signer would never make."""
    return Door(site.port, asyncssh.read_private_key(site.root / "signer" / ca), CLOCK)


Login = Callable[[LiveSite], tuple[asyncssh.SSHKey, Any]]


def made(**options: Any) -> Login:
    """A certificate for deploy-bot, but for these of its fields."""
    return lambda site: door(site).login("deploy-bot", **options)


def host_certificate(site: LiveSite) -> tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    ca = asyncssh.read_private_key(site.root / "signer/caller_ca")
    return key, ca.generate_host_certificate(key, "deploy-bot", principals=["deploy-bot"])


def plain_key(_: LiveSite) -> tuple[asyncssh.SSHKey, bytes]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    return key, key.public_data


def of_nobodys_ca(site: LiveSite) -> tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]:
    return Door(site.port, asyncssh.generate_private_key("ssh-ed25519"), CLOCK).login("deploy-bot")


def with_unknown_option(site: LiveSite) -> tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]:
    key, certificate = door(site).login("deploy-bot", force_command="true")
    ca = asyncssh.read_private_key(site.root / "signer/caller_ca")
    name, other = String("force-command"), String("force-comet~d")
    body = certificate.public_data.replace(name, other)
    signed = body[: body.rindex(String(ca.public_data)) + len(String(ca.public_data))]
    return key, signed + String(ca.sign(signed, b"ssh-ed25519"))


REFUSED: dict[str, tuple[Login, str]] = {
    "plain key": (plain_key, "identity.plain_key"),
    "host certificate": (host_certificate, "identity.host_certificate"),
    "unknown CA": (of_nobodys_ca, "identity.unknown_ca"),
    "target CA": (lambda site: door(site, "target_ca").login("deploy-bot"), "identity.target_ca"),
    "expired": (made(valid_after=NOW_S - 600, valid_before=NOW_S - 1), "identity.expired"),
    "not yet valid": (made(valid_after=NOW_S + 3600, valid_before=NOW_S + 3700), "identity.not_yet_valid"),
    "too long a life": (made(valid_after=NOW_S - 30, valid_before=NOW_S + 86_400), "identity.ttl"),
    "no principals": (made(principals=[]), "identity.no_principals"),
    "unknown critical option": (with_unknown_option, "identity.critical_option"),
    "another source address": (made(source_address=["192.0.2.0/24"]), "identity.source_address"),
    "unknown identity": (lambda site: door(site).login("nobody"), "identity.unknown"),
    "another's principal": (made(principals=["order-service"]), "identity.unknown"),
}


def attempt(site: LiveSite, login: Login, source: str = "127.0.0.1") -> int:
    """Logs in with what no stock client would send; the type of the answer."""

    async def sent() -> int:
        key, certificate = login(site)
        client = await RawClient.connect(door(site), source)
        try:
            return await client.ask(client.body(certificate, key, username="batch-host"))
        finally:
            client.abort()
            await client.wait_closed()

    return asyncio.run(sent())


@pytest.mark.parametrize(("login", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refused_login_and_its_reason(lab: LiveSite, login: Login, code: str) -> None:
    """From an address that nothing else comes from: many from one are only counted."""
    source = f"127.4.2.{list(REFUSED.values()).index((login, code)) + 1}"
    assert attempt(lab, login, source) == FAILURE
    event = refused_from(lab, source, code)
    assert event["username"] == "batch-host"
    assert event["detail"]


def refused_from(site: LiveSite, source: str, code: str) -> dict[str, Any]:
    """The one refused login from there."""
    (event,) = site.wait_for("its event", lambda: [event for event in refused(site, code) if event["source"] == source])
    return cast(dict[str, Any], event)


def refused(site: LiveSite, code: str) -> list[dict[str, Any]]:
    """The refused logins with this reason; read in this process, since it is asked often."""
    events = [msgspec.json.decode(entry.body) for entry in Questions(site.site.journal_db).tail(100_000)]
    return [event for event in events if event["kind"] == "auth.refused" and event.get("code") == code]


def test_the_certificate_that_those_differ_from_is_good(lab: LiveSite) -> None:
    assert attempt(lab, made()) == SUCCESS


def test_password_is_refused(lab: LiveSite) -> None:
    source = "127.4.3.1"

    async def sent() -> int:
        client = await RawClient.connect(door(lab), source)
        body = String("batch-host") + String("ssh-connection") + String("password") + Boolean(False) + String("secret")  # noqa: FBT003
        answer = await client.ask(body)
        client.abort()
        await client.wait_closed()
        return answer

    assert asyncio.run(sent()) == FAILURE
    event = refused_from(lab, source, "identity.no_certificate")
    assert "password" in event["detail"]
    assert "secret" not in str(event)


# ── ended early ─────────────────────────────────────────────────────────────────────────────────────────────────────


def begun(site: LiveSite, key: Path, seconds: int) -> "subprocess.Popen[bytes]":
    """A command that is running on the target."""
    caller = site.ssh_started(key, "batch-host", BEGUN.format(seconds))
    assert caller.stdout is not None
    assert caller.stdout.readline() == b"begun\n"
    assert sleeping(seconds)
    return caller


def sleeping(seconds: int) -> bool:
    return subprocess.run(["pgrep", "-f", f"^sleep {seconds}$"], capture_output=True).returncode == 0


def serial(key: Path) -> str:
    words = ["ssh-keygen", "-Lf", str(key.with_name(f"{key.name}-cert.pub"))]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return text.partition("Serial: ")[2].split()[0]


def ca_of(site: LiveSite) -> str:
    words = ["ssh-keygen", "-lf", str(site.root / "keys/caller_ca.pub")]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[1]


ENDS: dict[str, tuple[Callable[[LiveSite, Path], list[str]], str]] = {
    "serial": (lambda _, key: ["cert", "revoke", "--serial", serial(key)], "identity.revoked"),
    "key id": (lambda _, __: ["cert", "revoke", "--key-id", "backup-job"], "identity.revoked"),
    "identity": (lambda _, __: ["cert", "revoke", "--identity", "batch-reader"], "identity.revoked"),
    "disable": (lambda _, __: ["identity", "disable", "order-service"], "identity.disabled"),
    "CA": (lambda site, _: ["cert", "revoke", "--ca", ca_of(site)], "identity.revoked"),
}
WHOSE = {"key id": "backup-job", "identity": "batch-reader", "disable": "order-service"}


@pytest.fixture(scope="module")
def ended(own: LiveSite) -> dict[str, Path]:
    """The logins that were ended, each with what ended it."""
    return {}


@pytest.mark.parametrize(("how", "number"), [(how, 5100 + number) for number, how in enumerate(ENDS)])
def test_revocation_ends_what_runs_within_a_second(
    own: LiveSite, ended: dict[str, Path], how: str, number: int
) -> None:
    words, code = ENDS[how]
    key = ended[how] = own.key(WHOSE.get(how, "deploy-bot"))
    caller = begun(own, key, number)
    own.cli(*words(own, key))
    _, stderr = caller.communicate(timeout=30)
    assert (caller.returncode, f"jumphost: cut {code}: ".encode() in stderr) == (77, True)
    assert not sleeping(number)
    asked, cut = own.events("cert.revoke", "identity.disable")[-1], own.events("command.cut")[-1]
    assert (cut["code"], cut["left"]) == (code, False)
    assert seconds(cut["at"]) - seconds(asked["at"]) < 1
    assert own.ssh(key, "batch-host", "sh -c true").returncode == 255


def test_revocations_survive_a_restart(own: LiveSite, ended: dict[str, Path]) -> None:
    own.stop()
    own.start()
    for how, key in ended.items():
        before = len(refused(own, ENDS[how][1]))
        assert own.ssh(key, "batch-host", "sh -c true").returncode == 255
        own.wait_for("its event", lambda how=how, before=before: len(refused(own, ENDS[how][1])) > before)


def seconds(at: str) -> float:
    return parse_rfc3339(at) / NS_PER_S


# ── expiry ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_expired_certificate_is_refused_for_a_new_command_on_an_open_connection(lab: LiveSite) -> None:
    key = lab.key("deploy-bot", "--ttl", "5s")
    with master(lab.ssh_words(key, "batch-host")) as words:
        assert run(words, "sh -c 'echo in time'").stdout == b"in time\n"
        running = subprocess.Popen([*words, "sh -c 'echo begun; sleep 6; echo end'"], stdout=subprocess.PIPE)
        assert running.stdout is not None
        assert running.stdout.readline() == b"begun\n"
        lab.wait_for("the expiry", lambda: run(words, "sh -c true").returncode == 77)
        late = run(words, "sh -c 'echo late'")
        assert (late.returncode, late.stdout) == (77, b"")
        assert b"jumphost: denied identity.expired: the certificate ended at " in late.stderr
        assert (running.communicate(timeout=30)[0], running.returncode) == (b"end\n", 0)
    source = "127.4.3.2"
    assert run([*lab.ssh_words(key, "batch-host"), "-b", source], "sh -c true").returncode == 255
    refused_from(lab, source, "identity.expired")


def run(words: list[str], command: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([*words, command], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def test_expiry_cuts_what_runs_where_the_policy_says_so(lab: LiveSite) -> None:
    key = lab.key("deploy-bot", "--ttl", "5s")
    done = lab.ssh(key, "batch-host", BEGUN.format(5200), env={"JUMPHOST_PURPOSE": "cut"})
    assert (done.returncode, done.stdout) == (77, b"begun\n")
    assert b"jumphost: cut identity.expired: the certificate ended" in done.stderr
    assert not sleeping(5200)
