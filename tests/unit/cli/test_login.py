"""``jumphost login``: which token is taken, what is written, and how it ends."""

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from jumphost.clock import SystemClock
from jumphost.testing.commands import Ran, run
from jumphost.testing.issuer import serving
from jumphost.testing.market import CLAIMS, NAME, Counter, counter_beside
from jumphost.testing.web import web


@pytest.fixture
def counter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    for name in ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with counter_beside(tmp_path) as made:
        monkeypatch.setenv("JUMPHOST_EXCHANGE", made.url)
        yield made


def login(folder: Path, *words: object) -> Ran:
    return run("login", "--identity-file", folder / "keys/id", *words)


def token(counter: Counter, **claims: str) -> str:
    return counter.market.issuer.token(**{**CLAIMS, **claims})


def test_from_a_variable_with_a_key_of_its_own(
    counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", token(counter) + "\n")
    ran = login(tmp_path, "--token-env", "TOKEN", "--scope", "exec:payments-db", "--ttl", "1m", "--json")
    assert ran.status == 0, ran.err
    told = ran.json
    folder = tmp_path / "keys"
    assert (told["identity"], told["certificate"]) == (NAME, str(folder / "id-cert.pub"))
    assert told["known_hosts"] == str(folder / "id-known_hosts")
    assert (folder / "id-known_hosts").read_text() == "@cert-authority * ssh-ed25519 A\n"
    for name in ("id", "id-cert.pub", "id-known_hosts"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    shown = subprocess.run(["ssh-keygen", "-Lf", folder / "id-cert.pub"], check=True, capture_output=True, text=True)
    assert "scope@jumphost" in shown.stdout
    public = (folder / "id.pub").read_text().split()[1]
    fingerprint = subprocess.run(["ssh-keygen", "-lf", folder / "id.pub"], capture_output=True, text=True).stdout
    assert fingerprint.split()[1] in shown.stdout
    monkeypatch.setenv("TOKEN", token(counter))
    again = login(tmp_path, "--token-env", "TOKEN")
    assert (again.status, (folder / "id.pub").read_text().split()[1]) == (0, public)
    assert f"{folder / 'id-cert.pub'}: {NAME}, until " in again.out


def test_from_a_file_and_from_standard_input(counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(token(counter))
    assert login(tmp_path, "--token-file", tmp_path / "token").status == 0
    (tmp_path / "token").write_text(token(counter))
    with (tmp_path / "token").open() as given:
        monkeypatch.setattr(sys, "stdin", given)
        assert login(tmp_path, "--token-file", "-").status == 0


def test_from_github(counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(SystemClock()) as github:
        github.documents["/idtoken?v=2&audience=ours"] = json.dumps({"value": token(counter)}).encode()
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{github.url}/idtoken?v=2")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t0ken")
        assert login(tmp_path, "--github", "--audience", "ours").status == 0
        assert github.asked == ["/idtoken?v=2&audience=ours"]


def test_what_the_exchange_refuses(counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token(counter, aud="other"))
    ran = login(tmp_path, "--token-file", tmp_path / "token")
    assert (ran.status, "jumphost: token.audience: got a token for 'other'" in ran.err) == (77, True)
    assert not (tmp_path / "keys/id-cert.pub").exists()


def test_an_exchange_that_is_not_there(counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token(counter))
    ran = login(tmp_path, "--token-file", tmp_path / "token", "--exchange", "http://127.0.0.1:1")
    assert (ran.status, "does not answer" in ran.err) == (69, True)


def test_a_server_that_is_none(counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(token(counter))
    with web() as other:
        ran = login(tmp_path, "--token-file", tmp_path / "token", "--exchange", f"http://{other.address}")
        assert (ran.status, "no answer that can be read" in ran.err) == (69, True)
        assert [asked.target for asked in other.asked] == ["/v1/nonce"], "the token stayed here"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "expected one of --token-file, --token-env, --github and --enroll"),
        (("--token-file", "a", "--github"), "expected one of"),
        (("--token-file", "none"), "none: No such file"),
        (("--token-env", "TOKEN"), "got nothing in the environment variable TOKEN"),
        (("--github",), "expected a job with permissions: id-token: write"),
        (("--token-env", "TOKEN", "--ttl", "soon"), "got --ttl soon"),
        (("--token-env", "TOKEN", "--exchange", "http://gw.example"), "expected https"),
    ],
)
def test_usage(counter: Counter, tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    ran = login(tmp_path, *words)
    assert (ran.status, says in ran.err) == (2, True)


def test_a_file_that_is_no_key(counter: Counter, tmp_path: Path) -> None:
    (tmp_path / "id").write_text("nonsense")
    ran = run("login", "--identity-file", tmp_path / "id", "--token-file", "x")
    assert (ran.status, "got no key that can be used alone" in ran.err) == (2, True)


def test_with_an_enrolment_token_on_standard_input(
    counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = asyncio.run(counter.market.enrolments.open(NAME, 60))
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(opened.told()["token"].encode() + b"\n")))
    ran = login(tmp_path, "--enroll", "--json")
    assert (ran.status, ran.err) == (0, "")
    assert ran.json["identity"] == NAME
