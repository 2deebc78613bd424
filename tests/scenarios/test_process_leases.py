"""Tool and credential are kept beside the gateway: no other machine has either, and the command never the secret."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.testing import postgres, redis
from jumphost.testing.postgres import Bank
from jumphost.testing.redis import Store
from jumphost.testing.sandboxes import why_not
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder

pytestmark = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")

RULE = """
allow contains verdict if {
	input.target.kind == "process"
	input.command.tier == "literal"
	some name in {"db", "cache"}
	input.purpose == name
	credential := {"name": name, "ttl_s": 60, "delivery": "proxy"}
	verdict := result.allow("shop.here.ask", "asks a server", {"credential": credential})
}

allow contains verdict if {
	input.target.kind == "process"
	input.purpose == "none"
	verdict := result.allow("shop.here.none", "asks nobody", {})
}
"""
READ = "redis-cli -s /tmp/redis.sock get cards:1"


@pytest.fixture(scope="module")
def bank() -> Iterator[Bank]:
    try:
        with postgres.bank() as running:
            yield running
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    try:
        with redis.redis() as running:
            yield running
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def site(bank: Bank, store: Store) -> Iterator[LiveSite]:
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as served:
        served.write_rule("shop", "here", RULE)
        served.write_settings(credentials={"db": bank.entry, "cache": store.entry}, policy={"deadline_ms": 2000})
        served.cli("target", "add", "tools", "--kind", "process", "--login", "app")
        served.start()
        yield served


@pytest.fixture(scope="module")
def key(site: LiveSite) -> Path:
    return site.key("deploy-bot", "--ttl", "15m")


def ask(site: LiveSite, key: Path, command: str, purpose: str) -> tuple[int, str, str]:
    done = site.ssh(key, "tools", command, env={"JUMPHOST_PURPOSE": purpose})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_psql_is_a_role_of_its_own_which_is_gone_after(site: LiveSite, key: Path, bank: Bank) -> None:
    status, said, err = ask(site, key, "psql -XqAt -c 'select current_user, count(*) from cards'", "db")
    assert (status, err) == (0, "")
    role, count = said.strip().split("|")
    assert (role[:9], count) == ("jumphost_", "2")
    assert bank.sql("select count(*) from pg_roles where rolname like 'jumphost\\_%'") == "0"
    assert [one["subject"] for one in site.events("credential.revoke")][-1] == role


def test_psql_may_not_write(site: LiveSite, key: Path) -> None:
    status, _, err = ask(site, key, "psql -XqAt -c 'delete from cards'", "db")
    assert (status, "permission denied for table cards" in err) == (1, True)


def test_redis_cli_is_a_user_of_its_own_which_is_gone_after(site: LiveSite, key: Path, store: Store) -> None:
    assert ask(site, key, READ, "cache") == (0, "ann\n", "")
    status, said, _ = ask(site, key, "redis-cli -s /tmp/redis.sock client info", "cache")
    assert status == 0
    assert "NOPERM" in said or re.search("user=jumphost_", said)
    assert "jumphost_" not in store.ask("ACL", "USERS")


@pytest.mark.parametrize("words", ["set cards:1 x", "get secrets:1", "acl list", "config get dir"])
def test_redis_cli_may_not_what_the_template_may_not(site: LiveSite, key: Path, words: str) -> None:
    assert "NOPERM" in ask(site, key, f"redis-cli -s /tmp/redis.sock {words}", "cache")[1]


def test_without_a_lease_there_is_no_socket(site: LiveSite, key: Path) -> None:
    assert ask(site, key, READ, "none")[0] == 1
    assert ask(site, key, "ls -A /tmp", "none") == (0, "", "")


def test_nothing_of_the_secret_is_at_hand(site: LiveSite, key: Path) -> None:
    names = ask(site, key, "env", "cache")[1]
    assert {line.partition("=")[0] for line in names.splitlines()} <= {
        *("HOME", "USER", "LOGNAME", "PATH", "LC_ALL", "JUMPHOST_REQUEST", "PWD", "_")
    }


def test_a_server_that_is_down_runs_nothing(site: LiveSite, key: Path, store: Store) -> None:
    store.ask("ACL", "SETUSER", redis.ADMIN, "off")
    status, said, err = ask(site, key, READ, "cache")
    assert (status, said, "failed credential.unavailable" in err) == (69, "", True)
    store.ask("ACL", "SETUSER", redis.ADMIN, "on")
