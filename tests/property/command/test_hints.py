"""One pass over a text finds what a search for each hint would."""

from hypothesis import given
from hypothesis import strategies as st

from jumphost.command.secrets import paths, shapes
from jumphost.command.secrets.hints import holder

HINTS = (*paths.HINTS, *shapes.HINTS)
PIECES = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(HINTS),
    st.sampled_from(HINTS).flatmap(lambda hint: st.integers(0, len(hint)).map(lambda end: hint[:end])),
)
HELD = holder(HINTS)


@given(st.lists(PIECES, max_size=6).map("".join))
def test_it_holds_one_if_one_stands_in_it(text: str) -> None:
    assert HELD(text) is any(hint in text for hint in HINTS)


@given(st.from_regex(paths.SECRET), st.sampled_from(["/", "//", "/./", "/x/../"]))
def test_each_secret_path_holds_one_however_it_is_written(path: str, joint: str) -> None:
    written = path.replace("/", joint).lower()
    assert any(hint in written for hint in paths.HINTS)


@given(st.sampled_from(shapes.SHAPES).flatmap(lambda shape: st.tuples(st.just(shape[1]), st.from_regex(shape[2]))))
def test_so_does_each_text_of_the_shape_of_a_secret(found: tuple[tuple[str, ...], str]) -> None:
    hints, text = found
    assert any(hint in text.lower() for hint in hints)
