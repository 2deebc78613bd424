"""The read-only batch policy, as it is shipped, on the corpora: what it must never allow, and what it is for."""

import json
from pathlib import Path

import pytest

from jumphost.command.profiled import profile
from jumphost.command.profiled.grammar import Grammars
from jumphost.errors import Refused
from jumphost.model.identity import Identity
from jumphost.model.request import TargetView
from jumphost.policy import bundle, document
from jumphost.policy.interpreter import Interpreter
from jumphost.testing import corpora
from jumphost.testing.policies import submission

POLICIES = Path(__file__).parents[2] / "policies"
READER = Identity("batch-reader", "data-team", "main", groups=("readonly",))
HOST = TargetView("batch-host", "ssh", "batch", {"env": "dev"})
ALLOWED = 0.85  # of ordinary literal commands that read, at least


class Judge:
    """The bundle in the embedded engine, in this process."""

    def __init__(self) -> None:
        loaded = bundle.load(POLICIES)
        self._interpreter = Interpreter(loaded.modules, loaded.data)
        self._profiles = Grammars(profile.decode(loaded.profiles))

    def allows(self, raw: bytes, dialect: str) -> bool:
        asked = submission(raw, identity=READER, target=HOST, dialect=dialect)
        try:
            made = document.build(asked, self._profiles)
        except Refused:
            return False
        return made.understood and json.loads(self._interpreter.evaluate(made.body))["effect"] == "allow"


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


@pytest.mark.parametrize("dialect", ["sh", "bash"])
def test_nothing_dangerous_is_allowed(judge: Judge, dialect: str) -> None:
    assert [one.run for one in corpora.dangerous() if judge.allows(one.raw, dialect)] == []


def test_nothing_that_writes_is_allowed(judge: Judge) -> None:
    assert [one.run for one in corpora.ordinary() if one.does == "write" and judge.allows(one.raw, "sh")] == []


def test_most_of_what_reads_is_allowed(judge: Judge) -> None:
    reads = [one for one in corpora.ordinary() if one.does == "read" and one.shape == "literal"]
    refused = [one.run for one in reads if not judge.allows(one.raw, "sh")]
    assert len(refused) <= len(reads) * (1 - ALLOWED), refused
