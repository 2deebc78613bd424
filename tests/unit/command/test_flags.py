"""Flags and operands as a program reads them, or nothing."""

import pytest

from jumphost.command.flags import Table, Unread, names, walk

GNU = Table(
    bare=names("s:silent v:verbose"),
    valued=names("X:request retry"),
    optional=names("c:color"),
)
CURL = Table(bare=names("s:silent"), valued=names("X:request"), equals=False, dash=False)
GO = Table(bare=names("A:all"), valued=names("n:namespace"), short_equals=True, truth=True)


def test_names_lead_to_the_long_one() -> None:
    assert names("X:request retry ::next") == {
        "-X": "request",
        "--request": "request",
        "--retry": "retry",
        "-:": "next",
        "--next": "next",
    }


@pytest.mark.parametrize(
    ("table", "words", "given"),
    [
        (GNU, [], []),
        (GNU, ["a", "-s", "b"], [("", "a"), ("silent", ""), ("", "b")]),
        (GNU, ["-sv", "--silent"], [("silent", ""), ("verbose", ""), ("silent", "")]),
        (GNU, ["-XPUT"], [("request", "PUT")]),
        (GNU, ["-X", "-s"], [("request", "-s")]),
        (GNU, ["-sXs"], [("silent", ""), ("request", "s")]),
        (GNU, ["-sX", "PUT"], [("silent", ""), ("request", "PUT")]),
        (GNU, ["-X=a"], [("request", "=a")]),
        (
            GNU,
            ["--request=a=b", "--request=", "--request", "c"],
            [("request", "a=b"), ("request", ""), ("request", "c")],
        ),
        (GNU, ["--color", "auto"], [("color", ""), ("", "auto")]),
        (GNU, ["--color=auto", "-cauto", "-c", "x"], [("color", "auto"), ("color", "auto"), ("color", ""), ("", "x")]),
        (GNU, ["-", "--", "-s", "--"], [("", "-"), ("", "-s"), ("", "--")]),
        (GNU, ["-X", "--", "a"], [("request", "--"), ("", "a")]),
        (GNU, [""], [("", "")]),
        (CURL, ["--request", "a=b"], [("request", "a=b")]),
        (GO, ["-n=x", "-nx", "-n", "x"], [("namespace", "x")] * 3),
        (GO, ["--all=true", "-A", "--namespace=x"], [("all", ""), ("all", ""), ("namespace", "x")]),
    ],
)
def test_words_are_read(table: Table, words: list[str], given: list[tuple[str, str]]) -> None:
    assert list(walk(words, table)) == given


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (GNU, ["--sil"]),
        (GNU, ["--silent=yes"]),
        (GNU, ["--silent=true"]),
        (GNU, ["--unknown"]),
        (GNU, ["--unknown=1"]),
        (GNU, ["-u"]),
        (GNU, ["-su"]),
        (GNU, ["-X"]),
        (GNU, ["--request"]),
        (GNU, ["-sX"]),
        (GNU, ["--"[:2] + "=x"]),
        (CURL, ["-"]),
        (CURL, ["--request=a"]),
        (GO, ["--all=false"]),
        (GO, ["--all=1"]),
    ],
)
def test_what_is_not_known_is_not_read(table: Table, words: list[str]) -> None:
    with pytest.raises(Unread):
        list(walk(words, table))
