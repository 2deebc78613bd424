"""What approvers see and do, against a gateway that holds something."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jumphost.cli.approval import app
from jumphost.config.create import create_site
from jumphost.model.approval import Hold, Term
from jumphost.testing.commands import Ran, run
from jumphost.testing.session import House, holding, house

DUAL = (Term(("dba",), 1, 3600), Term(("security",), 1, 3600))
COMMAND = "sh -c 'echo [bold] \u202e >&2; exit 3'"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        holding(made.engine)
        yield made


async def held(here: House, command: str = COMMAND) -> Hold:
    """A held command whose caller does not wait."""
    done = await here.run(command, env={"JUMPHOST_WAIT": "0", "JUMPHOST_PURPOSE": "nightly [run]"})
    assert done.exit_status == 75
    return await here.hold()


def answer(here: House, verb: str, hold: Hold, name: str, *options: str, key: str = "") -> tuple[object, ...]:
    return ("approval", verb, hold.id, "--as", name, "--key", here.site.root / "example" / (key or name), *options)


async def test_nothing_is_held(here: House) -> None:
    assert (await here.command("approval", "list")).out == "nothing is held\n"
    assert (await here.command("approval", "list", "--json")).json == []


async def test_list(here: House) -> None:
    hold = await held(here)
    head, row = (await here.command("approval", "list")).out.splitlines()
    assert head.split() == ["hold", "state", "identity", "target", "expires", "command"]
    assert row.split()[:4] == [hold.id, "pending", "deploy-bot", "batch-host+batch"]
    assert "\u202e" not in row
    assert [one["id"] for one in (await here.command("approval", "list", "--json")).json] == [hold.id]


async def test_show_is_whole_and_cannot_write_to_the_terminal(here: House) -> None:
    hold = await held(here)
    text = (await here.command("approval", "show", hold.id)).out
    shown = {line.split()[0]: line.partition(" ")[2].strip() for line in text.splitlines()}
    assert shown["identity"] == "deploy-bot (owner platform-team)"
    assert shown["target"] == "batch-host as batch"
    assert shown["why"] == "test.rule: says the test"
    assert shown["purpose"] == "nightly [run]"
    assert (shown["needs"], shown["answers"]) == ("1 of dba", "none yet")
    assert shown["digest"] == hold.request_digest
    assert "[bold]" in shown["command"]
    assert "\\u202e" in shown["command"]
    assert (await here.command("approval", "show", hold.id, "--json")).json["command"] == hold.command


async def test_approve_shows_what_is_approved(here: House) -> None:
    hold = await held(here, "sh -c 'exit 3'")
    ran = await here.command(*answer(here, "approve", hold, "alice", "--reason", "fine"))
    assert (ran.status, ran.err) == (0, "")
    assert hold.request_digest in ran.out
    assert ran.out.endswith(f"hold {hold.id} is approved\n")
    assert here.parts.holds.get(hold.id).approvals[0].reason == "fine"
    assert (await here.run("sh -c 'exit 3'")).exit_status == 3


async def test_reject_as_json(here: House) -> None:
    hold = await held(here)
    ran = await here.command(*answer(here, "reject", hold, "alice", "--reason", "not tonight", "--json"))
    assert (ran.json["id"], ran.json["state"], ran.json["reason"]) == (hold.id, "rejected", "not tonight")


async def test_terms_and_answers(here: House) -> None:
    holding(here.engine, DUAL)
    hold = await held(here)
    assert (await here.command(*answer(here, "approve", hold, "alice"))).out.endswith(f"hold {hold.id} is pending\n")
    text = (await here.command("approval", "show", hold.id)).out
    assert "1 of dba; 1 of security" in text
    assert "alice approve" in text


async def test_withdraw(here: House) -> None:
    hold = await held(here)
    ran = await here.command("approval", "withdraw", hold.id, "--reason", "no need any more")
    assert ran.out == f"hold {hold.id} is withdrawn\n"
    assert (await here.events("hold.withdraw"))[0]["reason"] == "no need any more"


@pytest.mark.parametrize(
    ("name", "key", "says"),
    [
        ("bob", "bob", "approval.not_allowed: got bob of ['security'], expected a member of ['dba']"),
        ("alice", "bob", "which is no key of alice"),
        ("mallory", "alice", "got 'mallory', expected a name in approvers.yaml"),
        ("alice", "nobody", "request.invalid: got "),
    ],
)
async def test_answers_that_do_not_count(here: House, name: str, key: str, says: str) -> None:
    hold = await held(here)
    ran = await here.command(*answer(here, "approve", hold, name, "--json", key=key))
    assert ran.status in (65, 77)
    assert (ran.out, says in ran.err) == ("", True)
    assert here.parts.holds.get(hold.id).state == "pending"


async def test_no_such_hold(here: House) -> None:
    for words in (("show",), ("withdraw",), ("approve", "--as", "alice", "--key", "none")):
        ran = await here.command("approval", words[0], "none", *words[1:])
        assert (ran.status, "got no live hold 'none'" in ran.err) == (65, True)


def test_no_gateway(tmp_path: Path) -> None:
    site = create_site(tmp_path / "site")
    ran: Ran = run("approval", "list", "--site", site.root)
    assert (ran.status, "start it with `jumphost serve`" in ran.err) == (69, True)
    assert app.info.help
