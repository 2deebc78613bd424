"""The tables of docs/reference.md say what the code says: no row too many, none missing, every default as it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer.main
from msgspec import NODEFAULT, Struct, inspect
from prometheus_client.metrics import MetricWrapperBase

from jumphost import metrics
from jumphost.cli.main import app
from jumphost.config.bind import seconds
from jumphost.config.settings import Settings
from jumphost.errors import Code, Refused, Status, status_of
from jumphost.gateway import environment
from jumphost.model.approval import Approver
from jumphost.model.identity import IdentityEntry
from jumphost.model.target import Target

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference.md").read_text()
README = (ROOT / "README.md").read_text()


def rows(heading: str) -> dict[str, str]:
    """First and second cell of each row of the table under a heading."""
    section = re.search(rf"^## {heading}$(.*?)(^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section is not None
    found = re.findall(r"^\| `([^`]+)` \| (.*?) \|", section[1], re.MULTILINE)
    assert len(found) == len(dict(found)), "a row twice"
    return dict(found)


def defaults(shape: type[Struct], prefix: str = "") -> Iterator[tuple[str, Any, bool]]:
    """Every key below a section, its default (NODEFAULT: required), and whether it is a duration."""
    described = inspect.type_info(shape)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        key, kind = f"{prefix}{field.name}", field.type
        values = kind.value_type if isinstance(kind, inspect.DictType) else None
        if isinstance(values, inspect.StructType) and not values.tag_field:  # each kind has a page of its own
            yield from defaults(values.cls, f"{key}.NAME.")
        elif isinstance(kind, inspect.StructType):
            yield from defaults(kind.cls, f"{key}.")
        else:
            made = field.default_factory() if field.default_factory is not NODEFAULT else field.default
            duration = isinstance(kind, inspect.Metadata) and bool((kind.extra or {}).get("duration"))
            yield key, made, duration


def said(cell: str, duration: bool) -> Any:
    """The value that a cell of the table means."""
    if cell in ("required", "none"):
        return NODEFAULT if cell == "required" else None
    text = cell.strip("`")
    if duration:
        return seconds(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@pytest.mark.parametrize(
    ("heading", "shape"),
    [("Settings", Settings), ("Identities", IdentityEntry), ("Approvers", Approver), ("Targets", Target)],
)
def test_every_key_and_its_default(heading: str, shape: type[Struct]) -> None:
    expected = {
        key: (msgspec.to_builtins(default) if default is not NODEFAULT else NODEFAULT, duration)
        for key, default, duration in defaults(shape)
        if (heading, key) != ("Targets", "name")  # the key that a target stands under
    }
    shown = rows(heading)
    assert {key: said(cell, expected[key][1]) for key, cell in shown.items() if key in expected} == {
        key: list(default) if isinstance(default, tuple) else default for key, (default, _) in expected.items()
    }
    assert shown.keys() == expected.keys()


def test_every_code_and_its_status() -> None:
    assert rows("Codes") == {code.value: str(status_of(code)) for code in Code}


def test_every_figure_and_its_kind() -> None:
    made = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    shown = {}
    for metric in made:
        (family,) = metric.describe()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        shown[name + "".join(f"{{{label}}}" for label in metric._labelnames)] = family.type
    assert rows("Figures") == shown


def test_every_command() -> None:
    root = typer.main.get_command(app)
    names = []
    for noun in root.list_commands(None):  # type: ignore[attr-defined,arg-type]
        command = root.get_command(None, noun)  # type: ignore[attr-defined,arg-type]
        verbs = [verb for verb in getattr(command, "commands", {}) if verb != noun]
        names += [f"jumphost {noun} {verb}" for verb in verbs] or [f"jumphost {noun}"]
    assert sorted(rows("Commands")) == sorted(names)


def test_every_exit_status_of_the_readme() -> None:
    shown = {int(status) for status in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert shown == {value for name, value in vars(Status).items() if name.isupper()} - {Status.OK}


def test_every_name_of_the_callers_environment() -> None:
    with pytest.raises(Refused) as caught:
        environment.read({"JUMPHOST_": b""}, ())
    assert set(re.findall(r"^\| `(JUMPHOST_\w+)` \|", README, re.MULTILINE)) == set(
        re.findall(r"JUMPHOST_\w+", caught.value.message)
    )
