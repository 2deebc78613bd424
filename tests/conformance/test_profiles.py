"""Each profile that is shipped holds what its examples promise."""

import pytest

from jumphost.command.profiled.examples import failures
from jumphost.command.profiled.grammar import Grammars
from jumphost.policy import profiles

SHIPPED = profiles.shipped()
GRAMMARS = Grammars(SHIPPED)


@pytest.mark.parametrize("program", sorted(SHIPPED))
def test_its_examples(program: str) -> None:
    assert list(failures(SHIPPED[program], GRAMMARS)) == []


def test_a_program_with_flags_has_two_examples() -> None:
    short = [one.program for one in SHIPPED.values() if any(form.flags for form in one.forms) and len(one.allow) < 2]
    assert short == []
