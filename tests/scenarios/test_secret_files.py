"""A command is lent a secret that is no database's: in a file of its own, masked, and gone with it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import jwt
import pytest
from jwt.utils import base64url_decode

from jumphost.testing.canary import holds
from jumphost.testing.lab import SCRIPT, write_script
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder
from jumphost.testing.sshd import find_sshd, may_have_logins

RULE = """
allow contains verdict if {
	input.purpose in {"token", "api"}
	input.command.tier == "literal"
	credential := {"name": input.purpose, "ttl_s": 60, "delivery": "file"}
	verdict := result.allow("shop.api.ask", "asks the shop", {"credential": credential})
}
"""
TOKEN = b"tok-5f0c1d7e9a3b\n"
SHA = "sha256sum $JUMPHOST_CREDENTIAL_FILE | cut -c1-64; stat -c %a $JUMPHOST_CREDENTIAL_FILE"


@pytest.fixture(scope="module")
def site() -> Iterator[LiveSite]:
    if not has_ssh() or find_sshd() is None or not may_have_logins():
        pytest.skip("needs ssh, an sshd, and root that may mount: tests/install-servers")
    with open_folder() as folder, live_site(folder, serve=False) as served:
        write_script()
        served.write_rule("shop", "api", RULE)
        stored = {"kind": "stored", "secret": "keys/token.age"}
        tokens = {"kind": "jwt", "key": "keys/api", "issuer": "https://gw", "audience": ["shop"], "max_ttl": "30s"}
        served.write_settings(
            credentials={"token": stored, "api": tokens},
            exchange={"listen": "127.0.0.1:0"},
            policy={"deadline_ms": 2000},
        )
        served.cli("credential", "key", "api")
        put(served, TOKEN)
        served.start()
        yield served


@pytest.fixture(scope="module")
def key(site: LiveSite) -> Path:
    return site.key("deploy-bot", "--ttl", "15m")


def put(site: LiveSite, value: bytes) -> None:
    words = (sys.executable, "-m", "jumphost", "credential", "put", "token", "--site", str(site.root))
    subprocess.run(words, input=value, check=True, capture_output=True)


def ask(site: LiveSite, key: Path, text: str, purpose: str = "token") -> tuple[int, str, str]:
    done = site.ssh(key, "batch-host", f"{SCRIPT} '{text}'", env={"JUMPHOST_PURPOSE": purpose})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_command_has_the_secret_as_it_is_in_a_file_of_its_own(site: LiveSite, key: Path) -> None:
    assert ask(site, key, SHA) == (0, f"{sha256(TOKEN).hexdigest()}\n600\n", "")
    assert [path for path in Path("/dev/shm").glob(".jumphost-*/*") if path.read_bytes() == TOKEN] == []


def test_what_it_shows_of_it_is_masked(site: LiveSite, key: Path) -> None:
    status, said, _ = ask(site, key, "cat $JUMPHOST_CREDENTIAL_FILE; base64 $JUMPHOST_CREDENTIAL_FILE; env; echo end")
    assert (status, said.rstrip().endswith("end")) == (0, True)
    assert "JUMPHOST_CREDENTIAL_FILE=/dev/shm/" in said
    assert not holds(said.encode(), TOKEN.strip())


def test_nothing_of_the_site_has_it(site: LiveSite, key: Path) -> None:
    ask(site, key, "cat $JUMPHOST_CREDENTIAL_FILE")
    texts = [path.read_bytes() for path in site.root.rglob("*") if path.is_file()]
    assert texts
    assert not [text for text in texts if holds(text, TOKEN.strip())]


def test_the_journal_says_that_it_goes_on(site: LiveSite, key: Path) -> None:
    ask(site, key, "true")
    revoked = site.events("credential.revoke")[-1]
    [issued] = [one for one in site.events("credential.issue") if one.get("lease") == revoked["lease"]]
    assert (issued["name"], issued["provider"], issued["delivery"]) == ("token", "stored", "file")
    assert (revoked["left"], revoked["outlives"]) == (False, "until it is changed")


def test_the_next_command_has_the_next_secret(site: LiveSite, key: Path) -> None:
    put(site, b"tok-changed-9b2e\n")
    assert ask(site, key, SHA)[1].startswith(sha256(b"tok-changed-9b2e\n").hexdigest())
    put(site, TOKEN)


def test_without_it_nothing_runs(site: LiveSite, key: Path) -> None:
    (site.root / "keys/token.age").rename(site.root / "keys/away")
    status, said, err = ask(site, key, "echo ran")
    assert (status, said, "failed credential.unavailable" in err) == (69, "", True)
    (site.root / "keys/away").rename(site.root / "keys/token.age")


def test_others_verify_a_token_by_the_keys_that_are_served(site: LiveSite, key: Path) -> None:
    parts = "for n in 3 1 2; do cut -d. -f$n $JUMPHOST_CREDENTIAL_FILE; done"
    signature, head, body = ask(site, key, parts, "api")[1].split()
    token = f"{head}.{body}.{signature}"
    signing = jwt.PyJWKClient(f"{site.ready['exchange']}/v1/jwks").get_signing_key_from_jwt(token)
    claims = jwt.decode(token, signing.key, ["ES256"], audience="shop", issuer="https://gw", leeway=60)
    assert claims["sub"] == "deploy-bot"


def test_a_token_says_who_runs_the_command_until_its_lease_ends(site: LiveSite, key: Path) -> None:
    status, said, _ = ask(site, key, "cut -d. -f2 $JUMPHOST_CREDENTIAL_FILE; cat $JUMPHOST_CREDENTIAL_FILE", "api")
    part, shown = said.split("\n", 1)
    claims = json.loads(base64url_decode(part))
    revoked = site.events("credential.revoke")[-1]
    assert status == 0
    assert (claims["sub"], claims["aud"], claims["jti"]) == ("deploy-bot", ["shop"], revoked["lease"])
    assert 0 < claims["exp"] - claims["iat"] <= 30
    assert part not in shown
    assert (revoked["provider"], revoked["outlives"]) == ("jwt", "until it expires")
