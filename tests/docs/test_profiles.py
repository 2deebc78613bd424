"""The page on profiles names all that they may hold, and its example is one."""

import re
from pathlib import Path
from typing import get_args

from jumphost.command.profiled import checks
from jumphost.command.profiled import reading as profile_reading
from jumphost.command.profiled.examples import failures
from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.profile import EFFECTS, Style
from jumphost.testing import profiles
from jumphost.testing.transcript import blocks

PAGE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text()


def first_column(head: str) -> list[str]:
    """The names in the first column of the table whose head begins so."""
    table = PAGE.split(f"\n| {head} |")[1].split("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_every_style_check_effect_and_key_of_a_flag() -> None:
    assert first_column("`style`") == list(get_args(Style))
    assert sorted(first_column("check")) == sorted(checks.NAMES)
    assert sorted(first_column("effect")) == sorted(EFFECTS)
    assert sorted(first_column("key of a flag")) == sorted(profile_reading.OF_A_FLAG)


def test_its_example_holds() -> None:
    (text,) = (block.text for block in blocks(PAGE) if block.language == "yaml")
    found, problems = profiles.read(text)
    assert problems == []
    assert [*failures(found["report"], Grammars(found))] == []
