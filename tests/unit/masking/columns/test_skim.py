"""One match for a row, up to the first that is unusual."""

import pytest

from jumphost.masking.base import COLUMN, Span
from jumphost.masking.columns import skim
from jumphost.masking.columns.base import CAP, Cell
from jumphost.masking.columns.skim import Skimmer

ROW = rb"([a-z ]*+),([a-z ]*+)\n"


def read(skimmer: Skimmer, text: bytes, at: int = 0) -> tuple[int, int, list[Span]]:
    spans: list[Span] = []
    return *skimmer.read(text, at, spans), spans


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skim, "AFTER", 0)


def test_the_first_rows_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skim, "AFTER", 2)
    skimmer = Skimmer(ROW, [None, None])
    assert [read(skimmer, b"a,b\n")[1] for _ in range(4)] == [0, 0, 1, 1]


def test_rows_of_very_many_cells_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skim, "MOST_CELLS", 1)
    skimmer = Skimmer(ROW, [None, None])
    assert [read(skimmer, b"a,b\n")[1] for _ in range(4)] == [0, 0, 0, 0]


def test_rows_are_passed_over_and_their_cells_masked() -> None:
    found = read(Skimmer(ROW, [None, "column:x"]), b"-a, b \nc,\nd1,e\nf,g\n", 1)
    assert found == (10, 2, [Span(4, 5, "column:x", COLUMN)])


def test_a_row_that_is_not_at_its_end_is_left() -> None:
    assert read(Skimmer(ROW, ["column:x", None]), b"a,b") == (0, 0, [])


def test_what_is_unusual_is_left() -> None:
    skimmer = Skimmer(ROW, [None, None], unusual=lambda buffer, at, end: buffer[at:end] == b"b,c\n")
    assert read(skimmer, b"a,b\nb,c\nc,d\n") == (4, 1, [])


def test_a_row_that_is_too_long_is_left() -> None:
    text = b"a" * (CAP - 2) + b",\n"
    assert read(Skimmer(ROW, [None, None]), text) == (CAP, 1, [])
    assert read(Skimmer(ROW, [None, None]), b"a" + text) == (0, 0, [])


def test_cells_as_their_format_has_them() -> None:
    skimmer = Skimmer(ROW, ["column:x", None], cell=lambda buffer, start, end, name: Cell(start + 1, end, name))
    assert read(skimmer, b" a,b\n,c\n")[2] == [Span(1, 2, "column:x", COLUMN)]
