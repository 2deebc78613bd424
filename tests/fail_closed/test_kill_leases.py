"""kill -9 at every step of a lease: the next start ends what is left at the server, and the journal says so."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jumphost.testing import postgres
from jumphost.testing.killed_at import LEASED
from jumphost.testing.postgres import Bank
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder
from jumphost.testing.sshd import find_sshd, may_have_logins

RULE = """
allow contains verdict if {
	input.command.tier == "literal"
	credential := {"name": "db", "ttl_s": 600, "delivery": "proxy"}
	verdict := result.allow("shop.db.ask", "asks the database", {"credential": credential})
}
"""
ROLES = "select count(*) from pg_roles where rolname like 'jumphost\\_%'"
ASK = "psql -XqAt -c 'select current_user'"
THERE = ("provided", "leased", "running", "ended", "returning")  # steps at which the role is at the server

QUICK = ("provided", "dropped")  # `make test-long` runs all


@pytest.fixture(scope="module")
def bank() -> Iterator[Bank]:
    try:
        with postgres.bank() as running:
            yield running
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def crashing(bank: Bank) -> Iterator[LiveSite]:
    """A site whose gateway each test starts and kills."""
    if not has_ssh() or find_sshd() is None or not may_have_logins():
        pytest.skip("needs ssh, an sshd, and root that may mount: tests/install-servers")
    with open_folder() as folder, live_site(folder, serve=False, sockets=True) as site:
        site.write_rule("shop", "db", RULE)
        site.write_settings(credentials={"db": bank.entry}, policy={"engine": "embedded", "deadline_ms": 2000})
        yield site


@pytest.fixture(scope="module")
def caller(crashing: LiveSite) -> Path:
    return crashing.key("deploy-bot", "--ttl", "15m")


def steps() -> Iterator[Any]:
    for name in (*LEASED, "running", "ended"):
        yield name if name in QUICK else pytest.param(name, marks=pytest.mark.long)


def leases(site: LiveSite, kind: str) -> dict[str, str]:
    """Role by lease."""
    return {event["lease"]: event["subject"] for event in site.events(kind) if event.get("name") == "db"}


@pytest.mark.parametrize("step", [*steps()])
def test_what_a_crash_left_is_ended_by_the_next_start(crashing: LiveSite, bank: Bank, caller: Path, step: str) -> None:
    crashing.start("-m", "jumphost.testing.killed_at", step)
    try:
        assert crashing.ssh(caller, "batch-host", ASK).returncode == 255
        assert crashing.killed() == -signal.SIGKILL
        assert bank.sql(ROLES) == ("1" if step in THERE else "0")
        crashing.start()
        crashing.wait_for("the role to go", lambda: bank.sql(ROLES) == "0")
        crashing.wait_for(
            "the journal", lambda: leases(crashing, "credential.issue") == leases(crashing, "credential.revoke")
        )
        done = crashing.ssh(caller, "batch-host", ASK)
        assert done.stdout.decode().strip() in leases(crashing, "credential.issue").values()
    finally:
        crashing.stop()
    assert bank.sql(ROLES) == "0"


def test_a_server_that_was_down_at_the_start_is_asked_until_it_answers(
    crashing: LiveSite, bank: Bank, caller: Path
) -> None:
    crashing.start("-m", "jumphost.testing.killed_at", "leased")
    try:
        crashing.ssh(caller, "batch-host", ASK)
        assert crashing.killed() == -signal.SIGKILL
        bank.sql("ALTER ROLE keeper NOLOGIN")
        crashing.start()
        crashing.wait_for("the failure", lambda: [one for one in crashing.events("credential.revoke") if one["left"]])
        assert crashing.ssh(caller, "batch-host", ASK).returncode == 69
        assert bank.sql(ROLES) == "1"
        bank.sql("ALTER ROLE keeper LOGIN")
        crashing.wait_for("the role to go", lambda: bank.sql(ROLES) == "0")
    finally:
        bank.sql("ALTER ROLE keeper LOGIN")
        crashing.stop()
