"""The page on facts has every field of a command's facts, each with an example that is so."""

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import pytest
from msgspec import Struct

from jumphost.command.facts import analyse
from jumphost.command.profiled.grammar import Grammars
from jumphost.model import request
from jumphost.policy import profiles

PAGE = (Path(__file__).parents[2] / "docs" / "facts.md").read_text()
GRAMMARS = Grammars(profiles.shipped())
TABLES: Final[dict[str, type[Struct]]] = {
    "command": request.Command,
    "shape": request.Shape,
    "commands[]": request.Invocation,
    "profile": request.Profile,
    "argv[]": request.Word,
    "redirects[]": request.Redirect,
    "files": request.Files,
    "http[]": request.Http,
    "cloud[]": request.Cloud,
    "facts": request.Facts,
}


class Line(NamedTuple):
    """One line of a table: for ``command`` the facts have ``value`` at ``path``."""

    table: str
    field: str
    command: str
    path: str
    value: Any


def lines() -> list[Line]:
    """All of them."""
    found = []
    for table, rows in re.findall(r"^\| field of `([^`]+)` \|[^\n]*\n\|[-|]+\|\n((?:\|[^\n]*\n)+)", PAGE, re.MULTILINE):
        for row in rows.splitlines():
            field, _, command, example = (
                cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip("|"))
            )
            path, _, value = example.strip("`").partition(" = ")
            found.append(Line(table, field.strip("`"), command.strip("`"), path, msgspec.json.decode(value)))
    return found


@pytest.mark.parametrize("table", TABLES)
def test_every_field_has_a_line(table: str) -> None:
    assert [line.field for line in lines() if line.table == table] == list(TABLES[table].__struct_encode_fields__)


def test_no_line_is_of_anything_else() -> None:
    assert {line.table for line in lines()} == TABLES.keys()


@pytest.mark.parametrize("line", [pytest.param(line, id=f"{line.table}.{line.field}") for line in lines()])
def test_it_is_so(line: Line) -> None:
    found = msgspec.json.decode(msgspec.json.encode(analyse(line.command.encode(), dialect="bash", profiles=GRAMMARS)))
    for key in re.findall(r"\w+", line.path):
        found = found[int(key)] if isinstance(found, list) else found[key]
    assert found == line.value
    assert line.field in re.findall(r"\w+", line.path)
