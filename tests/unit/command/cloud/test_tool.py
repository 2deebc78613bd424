"""What a table of a program means."""

import pytest

from jumphost.command.cloud.tool import Flags, Tool, fields_of, table, unread
from jumphost.model.request import Cloud

TOOL = Tool(
    fields={"namespace": ("namespace", ""), "server": ("context", "server:"), "token": ("account", "token")},
    before=Flags("v:verbose", "n:namespace server token"),
    common=Flags("w:watch", "f:filename"),
    by_verb={"logs": Flags("f:follow"), "pod logs": Flags("", "w:www")},
    optional="wait",
)


@pytest.mark.parametrize(
    ("verb", "bare", "valued"),
    [
        ((), "", "-n"),
        (("get",), "-w", "-f"),
        (("logs",), "-f", "-n"),
        (("pod", "logs"), "-f", "-w"),
    ],
)
def test_a_verb_gives_letters_their_meaning(verb: tuple[str, ...], bare: str, valued: str) -> None:
    found = table(TOOL, verb)
    assert not bare or (bare in found.bare and bare not in found.valued)
    assert valued in found.valued
    assert valued not in found.bare
    assert "--wait" in found.optional


def test_flags_of_a_verb_do_not_stand_before_it() -> None:
    assert "--watch" not in table(TOOL, ()).bare


def test_verbs_that_no_table_has_are_not_kept() -> None:
    assert table(TOOL, ("unheard",)) is table(TOOL, ("of", "it"))
    assert table(TOOL, ("logs",)) is table(TOOL, ("other", "logs"))
    assert table(TOOL, ("logs",)) is not table(TOOL, ("pod", "logs"))


def test_flags_before_a_verb_may_be_kept_apart() -> None:
    apart = Tool(fields={}, before=Flags("v:verbose"), common=Flags("w:watch"), apart=True)
    assert set(table(apart, ()).bare) == {"-v", "--verbose"}
    assert set(table(apart, ("get",)).bare) == {"-w", "--watch"}


def test_fields_are_what_the_last_of_each_flag_says() -> None:
    given = [("namespace", "a"), ("server", "s"), ("token", "geheim"), ("other", "x"), ("namespace", "b")]
    assert fields_of(TOOL.fields, given) == {"namespace": "b", "context": "server:s", "account": "token", "region": ""}


def test_what_is_not_read_may_be_anything() -> None:
    assert unread(Cloud(1, "kubectl", ("get",), namespace="x", resources=("pods",))) == Cloud(
        1, "kubectl", ("get",), "?", "?", "?", "?", ("pods", "?")
    )
