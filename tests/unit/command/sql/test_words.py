"""SQL as words: what is read, and what is not read because somebody would read it otherwise."""

import pytest

from jumphost.command.sql.words import MAX_BYTES, MAX_DEPTH, Dialect, NotPlain, Reason, Token, pieces, words
from jumphost.testing.statements import READS, UNREAD
from jumphost.testing.texts import short


def test_a_statement_as_words() -> None:
    (piece,) = pieces("select \"a\"\"b\", 'it''s' /* ; */ from t.x -- ;\nwhere i >= 1.5e3", "postgres")
    assert piece.text.split() == ["select", '"a""b",', "'it''s'", "from", "t.x", "where", "i", ">=", "1.5e3"]
    assert [(token.kind, token.text) for token in piece.tokens] == [
        ("word", "select"),
        ("name", 'a"b'),
        ("sign", ","),
        ("string", "'it''s'"),
        ("word", "from"),
        ("word", "t"),
        ("sign", "."),
        ("word", "x"),
        ("word", "where"),
        ("word", "i"),
        ("sign", ">"),
        ("sign", "="),
        ("number", "1.5e3"),
    ]
    for token in piece.tokens:
        assert token.kind == "name" or piece.text.startswith(token.text, token.at)


def test_statements_end_at_semicolons() -> None:
    found = pieces(";; select ';' ; -- ;\n select 2 /* ; */;", "sqlite")
    assert [piece.text.strip() for piece in found] == ["select ';'", "select 2"]
    assert [piece.tokens[-1].text for piece in found] == ["';'", "2"]


def test_names_and_strings_are_told_apart_by_dialect() -> None:
    kinds = {dialect: pieces('select "a"', dialect)[0].tokens[1].kind for dialect in ("postgres", "mysql", "sqlite")}
    assert kinds == {"postgres": "name", "mysql": "string", "sqlite": "name"}
    assert pieces("select `a`", "mysql")[0].tokens[1] == Token("name", "a", 7)
    assert pieces("select @@a, @b", "mysql")[0].tokens[1].kind == "variable"


def test_a_word_is_one_in_any_case_and_never_in_quotes() -> None:
    word, name = pieces('SELECT "select"', "postgres")[0].tokens
    assert word.is_word("select")
    assert not name.is_word("select")
    assert not word.is_sign("SELECT")


@pytest.mark.parametrize(
    ("dialect", "text", "reason"), [one for one in UNREAD if one[2] not in ("statement",)], ids=short
)
def test_what_is_not_read(dialect: Dialect, text: str, reason: str) -> None:
    later = {"system id", "source /tmp/x", "select 1;\nsystem id", "tee /tmp/x", "pager cat >/tmp/x", "/* */ help"}
    if text in later or text == "select from where" or "not " * 9 in text:  # known by its words only
        assert pieces(text, dialect)
        return
    with pytest.raises(NotPlain) as refused:
        pieces(text, dialect)
    assert str(refused.value) == refused.value.reason == reason


@pytest.mark.parametrize("dialect", ["postgres", "mysql", "sqlite"])
def test_what_is_plain_is_read(dialect: Dialect) -> None:
    assert all(pieces(text, dialect) for text in READS[dialect])


def test_limits_are_exact() -> None:
    fits = "select '" + "é" * ((MAX_BYTES - 9) // 2) + "'"
    assert pieces(fits, "mysql")
    with pytest.raises(NotPlain, match=Reason.TOO_LONG):
        pieces(fits + " 1", "mysql")
    deep = "select " + "(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH
    assert pieces(deep, "mysql")
    with pytest.raises(NotPlain, match=Reason.TOO_DEEP):
        pieces(f"select case when 1 then ({deep}) end", "mysql")
    assert len(pieces("select 1;" * 128, "mysql")) == 128


def test_lines_may_end_as_in_windows() -> None:
    assert pieces("select 1\r\n, 2\r\n", "postgres")[0].text.split() == ["select", "1", ",", "2"]


def test_a_statement_may_end_as_the_client_of_mariadb_has_it() -> None:
    assert [piece.text for piece in pieces("select 1\\G\n", "mysql")] == ["select 1"]
    for dialect, text in (("mysql", "select 1\\G select 2"), ("postgres", "select 1\\g")):
        with pytest.raises(NotPlain, match=Reason.BACKSLASH):
            pieces(text, dialect)  # type: ignore[arg-type]


def test_a_list_of_words() -> None:
    assert words("a b\n c ") == {"a", "b", "c"}
