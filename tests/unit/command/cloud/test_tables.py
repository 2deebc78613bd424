"""Tables that contradict themselves would read a flag's value as an operand, or an operand as a value."""

import pytest

from jumphost.command.cloud.tables import TOOLS
from jumphost.command.cloud.tool import Tool, table


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_no_flag_has_two_meanings(tool: Tool) -> None:
    verbs = {(), ("any",), *(tuple(verb.split()) for verb in tool.by_verb)}
    for verb in verbs:
        found = table(tool, verb)
        assert not found.bare.keys() & found.valued.keys()
        assert not (found.bare.keys() | found.valued.keys()) & found.optional.keys()


@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_each_flag_that_is_asked_for_is_in_a_table(tool: Tool) -> None:
    verbs = [(), ("any",), *(tuple(verb.split()) for verb in tool.by_verb)]
    named = {
        name for verb in verbs for kind in ("bare", "valued") for name in getattr(table(tool, verb), kind).values()
    }
    assert {*tool.fields, *tool.everywhere, *tool.files, *tool.unsaid} <= named
    assert {where for where, _ in tool.fields.values()} <= {"namespace", "context", "account"}
