"""What an operator sees of credentials, on a real PostgreSQL."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.model.decision import CredentialTerms
from jumphost.testing import redis
from jumphost.testing.commands import run
from jumphost.testing.postgres import TEMPLATE, Bank, bank
from jumphost.testing.session import house, owing


@pytest.fixture(scope="module")
def server() -> Iterator[Bank]:
    try:
        with bank() as made:
            made.sql("REVOKE CONNECT ON DATABASE template1 FROM PUBLIC")
            yield made
    except LookupError as missing:
        pytest.skip(str(missing))


def entry(site: Site, **fields: object) -> None:
    with site.settings.open("a") as file:
        yaml.safe_dump({"credentials": {"payments-ro": {"kind": "postgres", **fields}}}, file)


@pytest.fixture
def site(server: Bank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site")
    source = server.source
    entry(made, host=source.host, database=source.database, admin=source.admin, template=source.template)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    return made


def test_nothing_found(site: Site) -> None:
    ran = run("credential", "check", "payments-ro")
    assert (ran.status, ran.out, ran.err) == (0, "payments-ro: nothing found\n", "")
    assert run("credential", "check", "payments-ro", "--json").json == []


def test_what_is_found_is_a_script_that_mends_it(site: Site, server: Bank) -> None:
    server.sql(f"GRANT INSERT ON cards TO {TEMPLATE}; GRANT TEMPORARY ON DATABASE postgres TO {TEMPLATE}")
    ran = run("credential", "check", "payments-ro")
    assert (ran.status, ran.err) == (1, "")
    assert ran.out == (
        "-- write: INSERT on public.cards for bank_ro\n"
        "REVOKE INSERT ON public.cards FROM bank_ro;\n"
        "-- temporary: temporary tables in database postgres for bank_ro\n"
        "REVOKE TEMPORARY ON DATABASE postgres FROM bank_ro;\n"
    )
    assert [one["code"] for one in run("credential", "check", "payments-ro", "--writes", "--json").json] == [
        "temporary"
    ]
    server.sql(ran.out)
    assert run("credential", "check", "payments-ro").status == 0


def test_a_trial_leaves_nothing(site: Site, server: Bank) -> None:
    run("credential", "check", "payments-ro")
    assert server.sql("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'jumphost%'") == "0"


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site")
    (site.keys / "admin").touch(0o600)
    entry(site, host="127.0.0.1", port=1, database="x", admin="keys/admin", template="t")
    ran = run("credential", "check", "payments-ro", "--site", site.root)
    assert (ran.status, ran.out) == (69, "")
    assert ran.err.startswith("jumphost: credential.unavailable: the database that makes credentials failed (got no ")


def test_a_name_that_is_not_there(site: Site) -> None:
    ran = run("credential", "check", "payments")
    assert ran.status == 2
    assert ran.err == "jumphost: got the credential 'payments', expected one of `credentials:`: payments-ro\n"


def test_the_list_without_a_gateway(site: Site, server: Bank) -> None:
    (one,) = run("credential", "list", "--json").json
    assert one == {
        "name": "payments-ro",
        "kind": "postgres",
        "server": f"{server.source.host}:5432/postgres",
        "template": TEMPLATE,
        "delivery": ["proxy"],
        "max_ttl": 3600,
        "leases": None,
    }
    shown = run("credential", "list").out
    assert shown.splitlines()[0].split() == ["name", "kind", "server", "template", "delivery", "live"]
    assert "no gateway answers: what is live is not known" in shown


async def test_the_list_of_what_is_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jumphost.config.credentials.BUILT", {"ssh": {"proxy"}})
    async with house(tmp_path) as here:
        (here.site.keys / "admin").touch(0o600)
        with here.site.settings.open("a") as file:
            fields = {"kind": "postgres", "host": "/x", "database": "x", "admin": "keys/admin", "template": "t"}
            yaml.safe_dump({"credentials": {"db": {**fields}, "other": {**fields}}}, file)
        owing(here.engine, credential=CredentialTerms("db", 60), stdin="stream")
        async with await here.caller() as caller:
            process = await caller.create_process("cat")
            await here.until(lambda: here.runner.started)
            first, second = (await here.command("credential", "list", "--json")).json
            (minted,) = here.delivery.delivered
            (lease,) = first["leases"]
            assert (lease["lease"], lease["subject"]) == (minted.lease.id, minted.lease.subject)
            assert (lease["identity"], lease["target"]) == ("deploy-bot", "batch-host")
            assert lease["session"] == here.runner.started[0].request
            assert (second["name"], second["leases"]) == ("other", [])
            rows = (await here.command("credential", "list")).out.splitlines()
            assert [row.split()[-1] for row in rows] == ["live", "1", "0"]
            process.stdin.write_eof()
            async with asyncio.timeout(20):
                await process.wait()
        assert (await here.command("credential", "list", "--json")).json[0]["leases"] == []


def test_a_redis(tmp_path: Path) -> None:
    place = create_site(tmp_path / "site")
    try:
        with redis.redis() as cache:
            with place.settings.open("a") as file:
                yaml.safe_dump({"credentials": {"cache": cache.entry}}, file)
            words = ("--site", place.root)
            (one,) = run("credential", "list", "--json", *words).json
            assert (one["kind"], one["server"]) == ("redis", f"{cache.source.host}:6379")
            assert run("credential", "check", "cache", *words).out == "cache: nothing found\n"
            cache.ask("ACL", "SETUSER", redis.TEMPLATE, "+acl")
            ran = run("credential", "check", "cache", "--json", *words)
            assert (ran.status, [one["code"] for one in ran.json]) == (1, ["trial.issue"])
            assert "may ACL SETUSER, which outlives a lease" in ran.json[0]["message"]
    except LookupError as missing:
        pytest.skip(str(missing))


class TestPut:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Site:
        made = create_site(tmp_path / "site")
        with made.settings.open("a") as file:
            entries = {"token": {"kind": "stored", "secret": "keys/token.age"}}
            yaml.safe_dump({"credentials": entries}, file)
        return made

    def put(self, place: Site, data: bytes, name: str = "token") -> subprocess.CompletedProcess[bytes]:
        words = (sys.executable, "-m", "jumphost", "credential", "put", name, "--site", str(place.root))
        return subprocess.run(words, input=data, capture_output=True)

    def test_it_is_there_after(self, place: Site) -> None:
        words = ("--site", place.root)
        ran = run("credential", "check", "token", *words)
        assert (ran.status, "`jumphost credential put` writes it" in ran.out) == (1, False)
        done = self.put(place, b"tok-0123456789\n")
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode() == f"token: stored in {place.keys / 'token.age'}\n"
        assert run("credential", "check", "token", *words).out == "token: nothing found\n"
        (one,) = run("credential", "list", "--json", *words).json
        assert (one["kind"], one["server"], one["template"]) == ("stored", "keys/token.age", "")

    def test_what_is_refused_leaves_what_was_there(self, place: Site) -> None:
        self.put(place, b"tok-0123456789\n")
        before = (place.keys / "token.age").read_bytes()
        done = self.put(place, b"abc")
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"got 3 bytes without line ends, expected" in done.stderr
        (place.keys / "stored_identity").write_text("no identity")
        done = self.put(place, b"tok-9876543210\n")
        assert (done.returncode, b"credential.unavailable" in done.stderr) == (69, True)
        assert b"tok-" not in done.stdout + done.stderr
        assert (place.keys / "token.age").read_bytes() == before

    def test_only_what_is_stored_can_be_put(self, site: Site) -> None:
        done = self.put(site, b"tok-0123456789", "payments-ro")
        assert (done.returncode, b"of kind postgres, expected one of kind stored" in done.stderr) == (2, True)


def test_the_key_of_tokens(tmp_path: Path) -> None:
    place = create_site(tmp_path / "site")
    with place.settings.open("a") as file:
        tokens = {"kind": "jwt", "key": "keys/api", "issuer": "https://gw", "audience": ["shop"]}
        yaml.safe_dump({"credentials": {"api": tokens, "token": {"kind": "stored", "secret": "t.age"}}}, file)
    words = ("api", "--site", place.root)
    assert run("credential", "jwks", *words).status == 69
    assert run("credential", "key", *words).out == f"api: made {place.keys / 'api'}\n"
    (public,) = run("credential", "jwks", *words).json["keys"]
    assert (public["alg"], "d" in public) == ("ES256", False)
    assert run("credential", "check", *words).out == "api: nothing found\n"
    again = run("credential", "key", *words)
    assert (again.status, again.err.endswith("cannot be made: File exists\n")) == (2, True)
    assert "of kind stored, expected one of kind jwt" in run("credential", "jwks", "token", *words[1:]).err
