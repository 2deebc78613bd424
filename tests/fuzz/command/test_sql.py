"""Any text is read as SQL, or not, without a fault and within what a document may hold."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.sql.client import CLIENTS, read
from jumphost.command.sql.facts import of_text
from jumphost.command.sql.words import Dialect, Reason
from jumphost.model.request import Invocation, Sql, Word

DIALECTS = st.sampled_from(["postgres", "mysql", "sqlite"])
WORDS = st.sampled_from(
    [
        *("select", "from", "where", "with", "recursive", "as", "update", "set", "insert", "into", "values", "delete"),
        *(
            "explain",
            "analyze",
            "desc",
            "show",
            "pragma",
            "table",
            "union",
            "all",
            "case",
            "when",
            "then",
            "else",
            "end",
        ),
        *("in", "exists", "(", ")", "[", "]", ",", ";", ".", "*", "+", "-", "--", "/*", "*/", "'", '"', "`", "::", "="),
        *("1", "1.5", "a", "b", "cards", "'x'", '"y"', "count(*)", "f(", "join", "using", "on", "natural", "lateral"),
        *("limit", "order", "by", "group", "having", "for", "interval", "collate", "@x", ":x", "$$", "#", "\\", "\n"),
    ]
)
OPTIONS = st.sampled_from(
    [
        *("-X", "-c", "--command", "--command=x", "-f", "-", "--", "-d", "-e", "-ex", "--execute", "-p", "-px", "-l"),
        *("--no-defaults", "-init", "/dev/null", "-cmd", "--x", "-Xc", "--c", "-?", "-v", "a=b", "x.db", "--=", "---"),
    ]
)


@settings(deadline=None)
@given(st.lists(WORDS).map(" ".join) | st.text(), DIALECTS)
def test_any_text(text: str, dialect: Dialect) -> None:
    found = of_text(text, dialect, "stdin", -1)
    assert found.parse_ok == (not found.opaque)
    assert set(found.opaque) <= set(Reason)
    assert all(one.unknown_functions == () and not one.locks for one in found.statements if one.read_only)
    assert all(table.access == "read" for one in found.statements if one.read_only for table in one.tables)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Sql) == found


@settings(deadline=None)
@given(st.sampled_from(sorted(CLIENTS)), st.lists(OPTIONS | st.text()))
def test_any_words_of_a_client(program: str, words: list[str]) -> None:
    argv = tuple(Word(v=word) for word in (program, *words))
    call = read(CLIENTS[program], Invocation(id=0, program=program, argv=argv))
    for _, text in call.texts:
        assert all(part in " ".join(words) for part in text.split(" "))
