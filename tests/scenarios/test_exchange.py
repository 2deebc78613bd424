"""A pipeline's token buys a certificate for one operation; what is forged, stale or used buys nothing."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jumphost.clock import NS_PER_S, SystemClock
from jumphost.testing.issuer import AUDIENCE, LocalIssuer, serving
from jumphost.testing.lab import lab_site
from jumphost.testing.saml import ENTITY, RECIPIENT, LocalIdp
from jumphost.testing.site import OPTIONS, LiveSite, client, has_ssh

CLOCK = SystemClock()
MAIN = {"repository": "acme/deploy", "ref": "refs/heads/main"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[LocalIssuer]:
    with serving(CLOCK) as running:
        yield running


@pytest.fixture(scope="module")
def idp(tmp_path_factory: pytest.TempPathFactory) -> LocalIdp:
    return LocalIdp(tmp_path_factory.mktemp("idp"), CLOCK)


@pytest.fixture(scope="module")
def site(issuer: LocalIssuer, idp: LocalIdp) -> Iterator[LiveSite]:
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    ci = {
        "issuer": issuer.url,
        "audience": AUDIENCE,
        "match": [{"require": MAIN, "identity": "deploy-bot", "scope": ["exec:batch-*", "exec:payments-db"]}],
        "groups": {"claim": "roles", "map": {"release": "release"}},
        "actor": {"claim": "actor"},
        "claims": ["run_id"],
        "max_ttl": "5m",
    }
    sso = {
        "kind": "saml",
        "issuer": ENTITY,
        "audience": AUDIENCE,
        "certificate": str(idp.cert),
        "recipient": RECIPIENT,
        "match": [{"require": {"repository": "acme/deploy"}, "identity": "deploy-bot"}],
    }
    with lab_site({"exchange": {"listen": "127.0.0.1:0"}, "issuers": {"ci": ci, "sso": sso}}) as running:
        yield running


def login(site: LiveSite, token: str, folder: Path, *options: str) -> tuple["subprocess.CompletedProcess[str]", Path]:
    key = folder / "id"
    words = ["login", "--token-env", "CI_TOKEN", "--identity-file", str(key), "--json", *options]
    env = {**os.environ, "CI_TOKEN": token, "JUMPHOST_EXCHANGE": site.ready["exchange"], "NO_COLOR": "1"}
    return subprocess.run([sys.executable, "-m", "jumphost", *words], env=env, text=True, capture_output=True), key


def test_a_token_buys_a_certificate_for_one_operation(site: LiveSite, issuer: LocalIssuer, tmp_path: Path) -> None:
    token = issuer.token(**MAIN, roles=["release", "admin"], actor="alice", run_id=7, sub="repo:acme/deploy")
    done, key = login(site, token, tmp_path, "--scope", "exec:batch-host", "--ttl", "2m")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["identity"], told["certificate"]) == ("deploy-bot", f"{key}-cert.pub")
    assert site.ssh(key, "batch-host", "sh -c 'echo ran'").stdout == b"ran\n"
    outside = site.ssh(key, "payments-db", "sh -c 'echo no'")
    assert (outside.returncode, b"target.unavailable" in outside.stderr) == (77, True)
    who = json.loads(site.ssh(key, "jumphost", "whoami").stdout)
    assert (who["issuer"], who["actor"], who["subject"]) == ("ci", "alice", "repo:acme/deploy")
    assert who["groups"] == ["deploy", "release"]
    assert who["claims"] == {**MAIN, "run_id": "7", "actor": "alice"}
    assert who["scope"] == ["exec:batch-host"]
    (sold,) = [event for event in site.events("cert.issue") if event["claims"].get("run_id") == "7"]
    assert (sold["how"], sold["identity"], sold["issuer"], sold["actor"]) == ("exchange", "deploy-bot", "ci", "alice")
    assert sold["serial"] == who["certificate"]["serial"]
    asked = site.json("audit", "identity", "deploy-bot")
    (mine,) = [one for one in asked["certificates"] if one["serial"] == sold["serial"]]
    assert (mine["how"], mine["issuer"], "ci" in asked["issuers"]) == ("exchange", "ci", True)
    assert token.encode() not in (site.root / "state/journal.db").read_bytes()
    assert token not in (site.root / "gateway.log").read_text()


def test_the_gateway_is_known_by_what_the_exchange_answers(site: LiveSite, issuer: LocalIssuer, tmp_path: Path) -> None:
    done, key = login(site, issuer.token(**MAIN), tmp_path)
    known = Path(json.loads(done.stdout)["known_hosts"])
    hosts = ("-o", f"UserKnownHostsFile={known}", "-o", "GlobalKnownHostsFile=none", "-o", "StrictHostKeyChecking=yes")
    words = [*client(), *hosts, "-i", str(key), "-p", str(site.port), "jumphost@127.0.0.1", "whoami"]
    assert subprocess.run(words, capture_output=True).returncode == 0
    known.write_text("")
    assert subprocess.run(words, capture_output=True).returncode == 255


def test_an_assertion_buys_one_too_and_once(site: LiveSite, idp: LocalIdp, tmp_path: Path) -> None:
    token = base64.b64encode(idp.token(repository="acme/deploy").encode()).decode()
    done, key = login(site, token, tmp_path)
    assert done.returncode == 0, done.stderr
    who = json.loads(site.ssh(key, "jumphost", "whoami").stdout)
    assert (who["issuer"], who["subject"], who["claims"]) == ("sso", "order-service", {"repository": "acme/deploy"})
    assert "token.replayed" in login(site, token, tmp_path)[0].stderr
    forged = idp.token(repository="acme/other").replace("acme/other", "acme/deploy")
    assert "token.signature" in login(site, forged, tmp_path)[0].stderr


def test_a_machine_that_has_nothing_yet_is_enrolled(site: LiveSite, tmp_path: Path) -> None:
    token = site.cli("identity", "enroll", "deploy-bot", "--ttl", "5m").stdout.strip()
    done, key = login(site, token, tmp_path)
    assert done.returncode == 0, done.stderr
    assert site.ssh(key, "batch-host", "sh -c 'echo ran'").stdout == b"ran\n"
    known = ("-o", f"UserKnownHostsFile={key}-known_hosts", "-o", "StrictHostKeyChecking=yes")
    words = ["ssh", *OPTIONS, *known, "-i", str(key), "-p", str(site.port), "jumphost@127.0.0.1", "whoami"]
    assert subprocess.run(words, capture_output=True).returncode == 0  # by the host CA that the exchange named
    other, _ = login(site, token, tmp_path / "other")
    assert (other.returncode, "token.enrolment" in other.stderr) == (77, True)
    states = [event["state"] for event in site.events("identity.enroll")]
    assert states == ["opened", "redeemed"]
    assert [one["how"] for one in site.json("audit", "identity", "deploy-bot")["certificates"]][-1] == "enrolment"
    assert token.encode() not in (site.root / "state/journal.db").read_bytes()
    assert token not in (site.root / "gateway.log").read_text()


Forge = Callable[[LocalIssuer], str]


def good(**changes: Any) -> Forge:
    return lambda issuer: issuer.token(**{**MAIN, **changes})


@pytest.mark.parametrize(
    ("forge", "code"),
    [
        (good(aud="other"), "token.audience"),
        (good(exp=CLOCK.now_ns() // NS_PER_S - 3600), "token.expired"),
        (good(nbf=CLOCK.now_ns() // NS_PER_S + 3600), "token.not_yet_valid"),
        (lambda issuer: issuer.token({"alg": "none"}, **MAIN), "token.algorithm"),
        (lambda issuer: issuer.token({"alg": "HS256"}, **MAIN), "token.algorithm"),
        (lambda issuer: LocalIssuer(CLOCK, issuer.url).token(**MAIN), "token.signature"),
        (lambda issuer: issuer.token({"jku": "https://evil.example"}, **MAIN), "token.malformed"),
        (good(iss="https://evil.example"), "token.issuer"),
        (good(ref="refs/heads/other"), "token.no_match"),
        (lambda _: "nonsense", "token.malformed"),
    ],
)
def test_a_bad_token_buys_nothing(site: LiveSite, issuer: LocalIssuer, tmp_path: Path, forge: Forge, code: str) -> None:
    done, key = login(site, forge(issuer), tmp_path)
    assert done.returncode == 77
    assert f"jumphost: {code}: " in done.stderr
    assert "(decision " in done.stderr
    assert not key.with_name("id-cert.pub").exists()
    decision = done.stderr.rpartition("(decision ")[2].strip(" )\n")
    (refused,) = [event for event in site.events("cert.refused") if event["decision"] == decision]
    assert refused["code"] == code


def test_a_token_buys_once_also_after_a_restart(site: LiveSite, issuer: LocalIssuer, tmp_path: Path) -> None:
    token = issuer.token(**MAIN)
    assert login(site, token, tmp_path)[0].returncode == 0
    for _ in range(2):
        again, _ = login(site, token, tmp_path)
        assert (again.returncode, "token.replayed" in again.stderr) == (77, True)
        site.stop()
        site.start()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--scope", "exec:payments-db:root", "--scope", "sftp.read:batch-host"), None),
        (("--scope", "sftp.read:batch-host"), "of which nothing is allowed"),
        (("--ttl", "6m"), "expected at most 300 s"),
        (("--scope", "exec"), "expected OPERATION:TARGET"),
    ],
)
def test_nothing_wider_than_what_is_declared(
    site: LiveSite, issuer: LocalIssuer, tmp_path: Path, options: tuple[str, ...], says: str | None
) -> None:
    done, key = login(site, issuer.token(**MAIN), tmp_path, *options)
    if says is None:
        assert done.returncode == 0, done.stderr
        assert json.loads(site.ssh(key, "jumphost", "whoami").stdout)["scope"] == ["exec:payments-db:root"]
    else:
        assert (done.returncode, says in done.stderr) == (77, True)


def test_an_issuer_that_is_no_longer_declared_ends_what_it_bought(
    site: LiveSite, issuer: LocalIssuer, tmp_path: Path
) -> None:
    done, key = login(site, issuer.token(**MAIN), tmp_path)
    assert done.returncode == 0
    before = (site.root / "jumphost.yaml").read_text()
    site.stop()
    site.write_settings(issuers={})
    site.start()
    refused = site.ssh(key, "jumphost", "whoami")
    assert refused.returncode == 255
    (event,) = [event for event in site.events("auth.refused") if event["code"] == "identity.unknown_issuer"]
    assert event["source"] == "127.0.0.1"
    site.stop()
    (site.root / "jumphost.yaml").write_text(before)
    site.start()
