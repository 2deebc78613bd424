"""What does not change the meaning of SQL changes none of its facts."""

from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.sql.facts import of_text
from jumphost.command.sql.words import Dialect, Piece, pieces
from jumphost.testing.statements import READS, WRITES

TEXTS = st.sampled_from(  # but what ends in \\G, which only the last statement may
    [
        (dialect, text)
        for corpus in (READS, WRITES)
        for dialect in corpus
        for text in corpus[dialect]
        if "\\" not in text
    ]
)
BLANKS = st.sampled_from([" ", "\n", "\t ", "\r\n", "/**/", " /* ; ' \" */ ", " -- it's\n", " --\n"])


def words(piece: Piece) -> list[tuple[str, bool]]:
    """Each word of a statement as written, with whether a blank follows."""
    places = [token.at for token in piece.tokens]
    parts = [piece.text[at:end] for at, end in zip(places, [*places[1:], len(piece.text)], strict=True)]
    return [(part.rstrip(), part != part.rstrip()) for part in parts]


@settings(deadline=None)
@given(TEXTS, st.data())
def test_blanks_and_comments(one: tuple[Dialect, str], data: st.DataObject) -> None:
    dialect, text = one
    plain = of_text(text, dialect, "-c", 0)
    if not plain.statements:
        return
    spaced = ";".join(
        "".join(word + data.draw(BLANKS) * blank for word, blank in words(piece)) for piece in pieces(text, dialect)
    )
    found = of_text(spaced, dialect, "-c", 0)
    assert (found.statements, found.opaque) == (plain.statements, plain.opaque)


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_two_texts_are_as_dangerous_as_the_worse(one: tuple[Dialect, str], other: tuple[Dialect, str]) -> None:
    (dialect, first), (_, second) = one, other
    both = of_text(f"{first}\n;{second}", dialect, "-c", 0)
    parts = [of_text(text, dialect, "-c", 0) for text in (first, second)]
    assert both.parse_ok == all(part.parse_ok for part in parts)
    if both.statements:
        assert both.statements == (*parts[0].statements, *parts[1].statements)
