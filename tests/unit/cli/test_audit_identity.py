"""One machine, as an auditor asks about it."""

import asyncio
from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.edit import set_scalar
from jumphost.config.site import Site
from jumphost.model.event import Event, Kind
from jumphost.store import families
from jumphost.store.sqlite import Store
from jumphost.testing.commands import Ran, run

NAME = "order-service"
AT = 1_795_312_800 * 10**9


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    write(made, *(login(serial) for serial in ("1", "2", "3")))
    return made


def login(serial: str) -> Event:
    said = {"serial": serial, "source": "192.0.2.1", "ca": "SHA256:a", "issuer": "main", "valid_before": "later"}
    return Event(Kind.AUTH_OK, AT, identity=NAME, data=said)


def write(site: Site, *events: Event, locked: bool = False) -> None:
    async def work() -> None:
        store = Store.open(site.journal_db, log="gw")
        await store.write(None, *events)
        if locked:
            await store.write(lambda opened: families.lock(opened, NAME, "stolen", AT))
        await store.close()

    asyncio.run(work())


def asked(*words: object) -> Ran:
    return run("audit", "identity", *words)


def test_what_it_may_do_and_did(site: Site) -> None:
    found = asked(NAME, "--json").json
    assert (found["owner"], found["groups"]) == ("payments-team", ["payments"])
    assert (found["enabled"], found["locked"]) == (True, None)
    assert (found["scope"], found["targets"]) == (None, ["batch-host", "payments-db"])
    assert [one["serial"] for one in found["certificates"]] == ["1", "2", "3"]
    assert (found["issuers"], list(found["sources"])) == (["main"], ["192.0.2.1"])


def test_targets_are_those_in_scope(site: Site) -> None:
    run("identity", "add", "narrow", "--owner", "o", "--scope", "exec:batch-*")
    run("identity", "add", "nothing", "--owner", "o")
    assert asked("narrow", "--json").json["targets"] == ["batch-host"]
    assert "last use  never" in asked("nothing").out


def test_for_a_person(site: Site) -> None:
    lines = asked(NAME, "--limit", 2).out.splitlines()
    assert lines[0] == NAME
    assert lines[1].split() == ["state", "enabled"]
    assert [line.split()[0] for line in lines[-3:-1]] == ["2", "3"]
    assert lines[-1] == "1 older ones: add --limit"


def test_states(site: Site) -> None:
    set_scalar(site.identities, NAME, "enabled", value=False, check=lambda _: None)
    assert "state     disabled" in asked(NAME).out
    event = Event(Kind.IDENTITY_LOCK, AT, identity=NAME, data={"reason": "stolen"})
    write(site, event, locked=True)
    assert "state     locked" in asked(NAME).out
    assert asked(NAME, "--json").json["locked"]["reason"] == "stolen"


def test_one_that_was_taken_out_of_the_files_is_still_answered_for(site: Site) -> None:
    site.identities.write_text("")
    assert "unknown to identities.yaml" in asked(NAME).out
    found = asked(NAME, "--json").json
    assert (found["registered"], found["targets"], len(found["certificates"])) == (False, [], 3)


def test_one_that_nobody_knows(site: Site) -> None:
    assert asked("nobody").status == 2
