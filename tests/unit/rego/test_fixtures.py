"""Requests of the fixtures are whole documents, as the gateway makes them."""

import json

import pytest

from jumphost.command.facts import analyse
from jumphost.model.request import decode, encode

EXEC = "data.jumphost.fixtures.exec(data.jumphost.fixtures.{who}, data.jumphost.fixtures.{where}, input)"


@pytest.mark.parametrize("who", ["batch_reader", "order_service", "deploy_bot", "backup_job", "night_shift"])
@pytest.mark.parametrize("where", ["batch_host", "payments_db"])
def test_documents_are_total(ask, who, where):
    (document,) = ask(EXEC.format(who=who, where=where), [[["psql", "-X", "-c", "select 1"], ["wc", "-l"]]])
    request = decode(json.dumps(document).encode())
    assert document == json.loads(encode(request))
    assert request.identity.name == who.replace("_", "-")
    assert request.target.name == where.replace("_", "-")


def test_facts_are_those_of_the_gateway(ask):
    (document,) = ask(EXEC.format(who="batch_reader", where="batch_host"), [[["cat", "it's"], ["wc", "-l"]]])
    command = decode(json.dumps(document).encode()).command
    real = analyse(command.raw.encode())
    assert [(part.program, part.argv, part.via, part.stage) for part in command.commands] == [
        (part.program, part.argv, part.via, part.stage) for part in real.commands
    ]
    assert (command.canonical, command.tier, command.shape.operators) == (
        real.canonical,
        real.tier,
        real.shape.operators,
    )
