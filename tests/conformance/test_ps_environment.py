"""ps never prints the environment of a process, in whatever way its profile lets it be called.

It reads its words anew as BSD options where they make no sense as UNIX ones: ``-e`` means the environment then.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.match import match
from jumphost.policy import profiles
from jumphost.testing.calls import calls
from jumphost.testing.profiles import call

SHIPPED = profiles.shipped()
GRAMMARS = Grammars(SHIPPED)
PS = shutil.which("ps")
CANARY = "7f3c-not-to-be-printed"

pytestmark = pytest.mark.skipif(PS is None, reason="ps is not installed")


@pytest.fixture(scope="module", autouse=True)
def process() -> Iterator[None]:
    """A process with a secret in its environment."""
    waiting = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, env={**os.environ, "SECRET": CANARY}
    )
    yield
    waiting.communicate()


def printed(*words: str) -> str:
    return subprocess.run([PS or "ps", *words], capture_output=True, text=True, env={"LC_ALL": "C.UTF-8"}).stdout


def test_the_secret_is_there_to_be_printed() -> None:
    assert CANARY in printed("axeww")
    assert CANARY in printed("-eT", "--forest", "-ww")


@settings(max_examples=150, deadline=None)
@given(calls(SHIPPED["ps"], ["/a"], ["/a"]))
def test_no_call_that_matches_prints_it(words: list[str]) -> None:
    if match(call(*words, program="ps"), GRAMMARS).profile.matched:
        assert CANARY not in printed(*words)
