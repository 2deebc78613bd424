"""The corpora are what their heads say; what loads them takes nothing else."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jumphost.testing import corpora
from jumphost.testing.corpora import FOLDER, Dangerous, Ordinary, dangerous, ordinary

OTHERS = (
    "path/to/",
    "LFILE",
    "RHOST",
    "file_to_",
    "$TF",
    "{{command",
    "tldr",
    "example.com",
)  # marks of corpora not ours


def test_there_are_enough_dangerous_ones_of_each_technique() -> None:
    techniques = Counter(one.technique for one in dangerous())
    assert len(dangerous()) >= 600
    assert len(techniques) >= 60
    assert {name for name, count in techniques.items() if count < 6 or not re.fullmatch(r"[a-z0-9-]+", name)} == set()


def test_each_technique_stands_in_one_place() -> None:
    techniques = [name for name, _ in groupby(one.technique for one in dangerous())]
    assert len(techniques) == len(set(techniques))


def test_there_are_enough_ordinary_ones_of_each_kind() -> None:
    assert len(ordinary()) >= 600
    reads = sum(one.does == "read" for one in ordinary()) / len(ordinary())
    assert 0.6 <= reads <= 0.8
    assert sum(one.shape == "structured" for one in ordinary()) >= 60
    assert all(one.programs and all(one.programs) for one in ordinary())


@pytest.mark.parametrize("load", [dangerous, ordinary])
def test_no_command_stands_twice(load: Callable[[], Sequence[Dangerous | Ordinary]]) -> None:
    runs = Counter(one.run for one in load())
    assert {run for run, count in runs.items() if count > 1} == set()


def test_nothing_dangerous_is_an_ordinary_read() -> None:
    assert {one.run for one in dangerous()} & {one.run for one in ordinary() if one.does == "read"} == set()


def test_no_line_is_of_another_collection() -> None:
    assert [one.run for one in (*dangerous(), *ordinary()) if any(mark in one.run for mark in OTHERS)] == []


@pytest.mark.parametrize("name", ["dangerous", "ordinary"])
def test_a_file_shows_all_that_it_holds(name: str) -> None:
    text = (FOLDER / f"{name}.yaml").read_text()
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


def test_what_is_sent() -> None:
    assert Dangerous(technique="x", run="ls\u2400rm é").raw == b"ls\0rm \xc3\xa9"
    assert Ordinary(run="ls é", does="read", programs=("ls",), shape="literal").raw == b"ls \xc3\xa9"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("dangerous", "- {technique: x}"),
        ("dangerous", "- {technique: x, run: ls, does: read}"),
        ("dangerous", "- {technique: x, run: 1}"),
        ("ordinary", "- {run: ls, does: nothing, programs: [ls], shape: literal}"),
        ("ordinary", "- {run: ls, does: read, programs: ls, shape: literal}"),
        ("ordinary", "- {run: ls, does: read, programs: [ls], shape: unparsed}"),
        ("ordinary", "- {run: ls, does: read, programs: [ls], shape: literal, opaque: 'true'}"),
        ("ordinary", "- {run: ls, does: read, programs: [ls], shape: literal, hides: true}"),
    ],
)
def test_an_entry_not_well_formed(name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{name}.yaml").write_text(text)
    monkeypatch.setattr(corpora, "FOLDER", tmp_path)
    load: Any = getattr(corpora, name)
    with pytest.raises(msgspec.ValidationError):
        load.__wrapped__()
