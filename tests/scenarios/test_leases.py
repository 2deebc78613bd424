"""A batch job asks a database with a credential of its own, which it never sees and which is gone with its answer."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

import pytest

from jumphost.command import leased
from jumphost.testing import postgres
from jumphost.testing.canary import holds
from jumphost.testing.lab import SCRIPT, write_script
from jumphost.testing.postgres import Bank
from jumphost.testing.sandboxes import why_not
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder
from jumphost.testing.sshd import find_sshd, may_have_logins

RULE = """
allow contains verdict if {
	some delivery in {"proxy", "file"}
	input.purpose == delivery
	input.command.tier == "literal"
	credential := {"name": "db", "ttl_s": 60, "delivery": delivery}
	verdict := result.allow("shop.db.ask", "asks the database", {"credential": credential, "stdin": "stream"})
}

allow contains verdict if {
	input.purpose == "none"
	input.command.tier == "literal"
	verdict := result.allow("shop.db.none", "asks nobody", {})
}

hold contains verdict if {
	input.purpose == "held"
	terms := [{"groups": ["dba"], "count": 1, "ttl_s": 3600}]
	credential := {"name": "db", "ttl_s": 60, "delivery": "proxy"}
	verdict := result.hold("shop.db.held", "asks a dba", terms, {"credential": credential})
}
"""
ROLES = "select count(*) from pg_roles where rolname like 'jumphost\\_%'"


@pytest.fixture(scope="module")
def bank() -> Iterator[Bank]:
    try:
        with postgres.bank(settings=("log_statement=all", "log_connections=on")) as running:
            yield running
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def site(bank: Bank) -> Iterator[LiveSite]:
    """A gateway that tells us the secrets it makes, and logs all that it can."""
    if not has_ssh() or find_sshd() is None or not may_have_logins():
        pytest.skip("needs ssh, an sshd, and root that may mount: tests/install-servers")
    with open_folder() as folder, live_site(folder, serve=False, sockets=True) as served:
        write_script()
        served.write_rule("shop", "db", RULE)
        served.write_settings(
            credentials={"db": bank.entry | {"delivery": ["proxy", "file"]}},
            log={"level": "debug", "format": "json"},
            policy={"deadline_ms": 2000},
        )
        served.cli("target", "add", "tools", "--kind", "process", "--login", "app", "--label", "env=dev")
        (folder / "minted").mkdir()
        served.start("-m", "jumphost.testing.canary", str(folder / "minted"))
        yield served


@pytest.fixture(scope="module")
def key(site: LiveSite) -> Path:
    return site.key("deploy-bot")


def ask(
    site: LiveSite, key: Path, command: str, purpose: str = "proxy", where: str = "batch-host"
) -> tuple[int, str, str]:
    done = site.ssh(key, where, command, env={"JUMPHOST_PURPOSE": purpose})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


DELIVERIES = pytest.mark.parametrize("delivery", ["proxy", "file"])


@DELIVERIES
def test_it_is_somebody_for_one_command(site: LiveSite, key: Path, bank: Bank, delivery: str) -> None:
    status, said, err = ask(site, key, "psql -XqAt -c 'select current_user, count(*) from cards'", delivery)
    assert (status, err) == (0, "")
    role, count = said.strip().split("|")
    assert (role[:9], count) == ("jumphost_", "2")
    assert bank.sql(ROLES) == "0"
    [issued] = [event for event in site.events("credential.issue") if event.get("subject") == role]
    [revoked] = [event for event in site.events("credential.revoke") if event.get("subject") == role]
    assert issued["session"] == revoked["session"]
    assert issued["delivery"] == delivery


@DELIVERIES
def test_what_the_template_may_not_is_refused(site: LiveSite, key: Path, delivery: str) -> None:
    status, _, err = ask(site, key, "psql -XqAt -c 'delete from cards'", delivery)
    assert (status, "permission denied for table cards" in err) == (1, True)


@DELIVERIES
def test_pg_dump_of_a_table(site: LiveSite, key: Path, delivery: str) -> None:
    status, said, err = ask(site, key, "pg_dump --inserts -t cards", delivery)
    assert (status, err) == (0, "")
    assert "INSERT INTO public.cards" in said


def test_the_client_calls_it_what_it_likes(site: LiveSite, key: Path, bank: Bank) -> None:
    text = r"psql -X -U postgres -d template1 -c '\conninfo' -c 'select current_database()'"
    status, said, _ = ask(site, key, f"{SCRIPT} {quote(text)}")
    assert status == 0
    assert 'via socket in "/tmp"' in said
    assert bank.source.database in said


@pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")
def test_a_sandbox_has_its_socket_to_itself(site: LiveSite, key: Path, bank: Bank) -> None:
    first = site.ssh_started(key, "tools", "psql -XqAt -c 'select 1, pg_sleep(600)'", env={"JUMPHOST_PURPOSE": "proxy"})
    site.wait_for("the query", lambda: bank.sql(ROLES) == "1")
    status, said, err = ask(site, site.key("backup-job"), "psql -XqAt -c 'select current_user'", where="tools")
    assert (status, err, said[:9]) == (0, "", "jumphost_")
    assert ask(site, key, "ls -A /tmp", "none", "tools") == (0, "", "")
    status, _, err = ask(site, key, "psql -XqAt -c 'select 1'", "file", "tools")
    assert (status, "policy.unsupported" in err) == (77, True)
    first.kill()
    first.communicate()
    site.wait_for("the end of the role", lambda: bank.sql(ROLES) == "0")


def test_another_host_is_not_given_the_secret(site: LiveSite, key: Path, bank: Bank) -> None:
    status, _, err = ask(site, key, f"psql -X -w -h {bank.source.host} -p 5432 -U keeper -d postgres -c 'select 1'")
    assert (status, "requirepeer" in err) == (2, True)


def test_people_may_have_to_say_so_first(site: LiveSite, key: Path) -> None:
    held = site.ssh_started(key, "batch-host", "psql -XqAt -c 'select 5'", env={"JUMPHOST_PURPOSE": "held"})
    site.answer("approve", site.hold()["id"], "alice")
    said, _ = held.communicate(timeout=60)
    assert (held.returncode, said) == (0, b"5\n")


def test_a_caller_who_leaves_takes_query_role_and_socket_along(site: LiveSite, key: Path, bank: Bank) -> None:
    running = "select count(*) from pg_stat_activity where usename like 'jumphost\\_%' and query like '%pg_sleep%'"
    client = site.ssh_started(key, "batch-host", "psql -X -c 'select pg_sleep(600)'", env={"JUMPHOST_PURPOSE": "proxy"})
    site.wait_for("the query", lambda: bank.sql(running) == "1")
    request = going_on(site)
    assert Path(leased.socket(request)).is_socket()
    client.kill()
    client.communicate()
    site.wait_for("the end of the role", lambda: bank.sql(ROLES) == "0")
    site.wait_for("the end of the socket", lambda: not Path(leased.socket(request)).exists())
    assert bank.sql(running) == "0"


def going_on(site: LiveSite) -> str:
    """The id of the one request that runs."""
    ended = {event["session"] for event in site.events("session.close")}
    [found] = {event["session"] for event in site.events("command.start")} - ended
    return str(found)


def test_no_other_identity_has_its_own_on_the_login_meanwhile(site: LiveSite, key: Path) -> None:
    text = "psql -XqAt -c \"select 'here'\"; cat"
    first = site.ssh_started(
        key, "batch-host", f"{SCRIPT} {quote(text)}", env={"JUMPHOST_PURPOSE": "proxy"}, stdin=subprocess.PIPE
    )
    assert first.stdout is not None
    assert first.stdout.readline() == b"here\n"
    other = site.key("backup-job")
    status, _, err = ask(site, other, "psql -XqAt -c 'select 1'")
    assert (status, "credential.busy" in err) == (69, True)
    assert ask(site, other, "psql -XqAt -c 'select 1'", where="batch-host+app")[:2] == (0, "1\n")
    assert ask(site, key, "psql -XqAt -c 'select 1'")[:2] == (0, "1\n")
    first.communicate(timeout=60)
    assert ask(site, other, "psql -XqAt -c 'select 1'")[:2] == (0, "1\n")


def secrets(site: LiveSite) -> list[bytes]:
    """The passwords of leases that the gateway has made."""
    made = (path.read_bytes() for path in (site.root.parent / "minted").glob("secret-*"))
    return sorted({text for text in made if re.fullmatch(rb"[A-Za-z0-9_-]{32}", text)})


def places(site: LiveSite, bank: Bank) -> Iterator[tuple[str, bytes]]:
    """All that is written or shown on this machine, which is gateway, target and database server in one."""
    ours = [path for path in site.root.parent.rglob("*") if "minted" not in path.parts]
    for path in (*ours, *Path("/tmp").glob("*"), *Path("/dev/shm").rglob("*")):
        if path.is_file() and path.stat().st_size < 1 << 24:
            yield str(path), path.read_bytes()
    yield "log of the database", bank.log.encode()
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            try:
                yield f"{process}/{name}", (process / name).read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue


@DELIVERIES
def test_the_secret_is_unseen(site: LiveSite, key: Path, bank: Bank, delivery: str) -> None:
    """ACCEPTANCE 14: while the command runs, and after it; with a file, in that file and nowhere else."""
    before = set(secrets(site))
    look = site.root.parent / "look"
    look.write_text("#!/bin/sh\npsql -XqAt -c 'select 1'\nenv\ncat /proc/*/environ /proc/*/cmdline 2>/dev/null\ncat\n")
    look.chmod(0o755)
    looking = site.ssh_started(
        key, "batch-host", f"{SCRIPT} {look}", env={"JUMPHOST_PURPOSE": delivery}, stdin=subprocess.PIPE
    )
    assert looking.stdout is not None
    assert looking.stdout.readline() == b"1\n"
    [secret] = set(secrets(site)) - before
    seen = {name for name, text in places(site, bank) if holds(text, secret)}
    said, err = looking.communicate(timeout=60)
    files = {name for name in seen if re.fullmatch(r"/dev/shm/\.jumphost-[0-9a-f-]{36}/my\.cnf", name)}
    assert len(files) == (delivery == "file")
    assert seen == files
    assert b"JUMPHOST_REQUEST" in said
    assert not holds(said + err, secret)
    assert {name for name, text in places(site, bank) if holds(text, secret)} == set()


def test_what_reads_the_file_and_shows_it_is_masked(site: LiveSite, key: Path) -> None:
    status, said, _ = ask(site, key, f"{SCRIPT} 'cat $PGSERVICEFILE; base64 -w0 $PGSERVICEFILE'", "file")
    assert status == 0
    assert "user=jumphost_" in said
    assert not [one for one in secrets(site) if holds(said.encode(), one)]


def test_a_gateway_that_is_killed_leaves_neither_role_nor_socket_behind(site: LiveSite, key: Path, bank: Bank) -> None:
    client = site.ssh_started(key, "batch-host", "psql -X -c 'select pg_sleep(600)'", env={"JUMPHOST_PURPOSE": "proxy"})
    site.wait_for("the role", lambda: bank.sql(ROLES) == "1")
    socket = Path(leased.socket(going_on(site)))
    site.wait_for("the socket", socket.is_socket)
    assert site.process is not None
    site.process.kill()
    site.killed()
    client.communicate(timeout=60)
    site.start()
    site.wait_for("the end of the role", lambda: bank.sql(ROLES) == "0")
    site.wait_for("the end of the socket", lambda: not socket.exists())


def test_which_process_used_the_credential(site: LiveSite, key: Path) -> None:
    """ACCEPTANCE 21: by what the database's own log says, by the name of the secret, by the serial of the login."""
    status, said, _ = ask(site, key, "psql -XqAt -c 'select current_user'")
    assert status == 0
    role = said.strip()
    [use] = site.json("audit", "credential", role)
    assert (use["identity"], use["target"], use["name"], use["template"]) == (
        "deploy-bot",
        "batch-host",
        "db",
        postgres.TEMPLATE,
    )
    assert (use["reason"], use["left"]) == ("ended", False)
    assert use["issued"] < use["revoked"] < use["expires"]
    [ran] = use["ran"]
    assert (ran["session"], ran["identity"], ran["status"]) == (use["session"], "deploy-bot", 0)
    assert "current_user" in ran["command"]
    assert role.split("_")[2] == use["session"].replace("-", "")
    assert use["lease"] in {one["lease"] for one in site.json("audit", "credential", "db", "--since", use["issued"])}
    logins = [event for event in site.events("credential.issue") if event["session"] == use["session"]]
    [login] = [event for event in logins if event.get("purpose") == "run"]
    assert [one["session"] for one in site.json("audit", "credential", login["serial"])] == [use["session"]]
