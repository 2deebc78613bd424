"""Columns of a terminal, in each way that clients count them."""

from jumphost.masking.columns.width import cells, cells_of_old, characters, places


def test_widths() -> None:
    assert cells("a李e\u0301😀") == [1, 2, 1, 0, 2]
    assert cells_of_old("a李e\u0301😀") == [1, 2, 1, 0, 1]
    assert characters("a李e\u0301😀") == [1] * 5


def test_places_of_ascii() -> None:
    assert places(b"abc") == [range(4)]
    assert places(b"") == [range(1)]


def test_places_of_wide_characters() -> None:
    assert places("a李b".encode()) == [[0, 1, 1, 4, 5], [0, 1, 4, 5]]
    assert places("aéb".encode()) == [[0, 1, 3, 4]]
    assert places("😀x".encode()) == [[0, 0, 4, 5], [0, 4, 5]]


def test_bytes_that_are_no_text_are_one_each() -> None:
    assert places(b"a\xffb") == [[0, 1, 2, 3]]
