"""JSON is YAML 1.2, and what an edit writes is what is read."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.config.edit import append_entry, render
from jumphost.config.load import load_plain, plain

TEXT = st.text(st.characters(categories=("L", "M", "N", "P", "S", "Zs")), max_size=12)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=10
)
ENTRIES = st.dictionaries(
    TEXT.filter(lambda key: key != "<<"), TEXT | st.lists(TEXT, max_size=3), min_size=1, max_size=3
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_json_is_read_as_itself(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False)
    if '"<<"' not in text:
        assert plain(text.encode(), "f") == value


@given(ENTRIES)
@settings(max_examples=300, deadline=None)
def test_what_is_rendered_means_the_same_to_yaml_1_1_and_1_2(entry: dict[str, object]) -> None:
    text = render("name", entry)
    assert plain(text.encode(), "f") == {"name": entry}
    assert yaml.safe_load(text) == {"name": entry}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("edit") / "f.yaml"


@given(before=st.lists(ENTRIES, max_size=3), entry=ENTRIES)
@settings(max_examples=150, deadline=None)
def test_an_entry_comes_after_all_that_was_there(
    path: Path, before: list[dict[str, object]], entry: dict[str, object]
) -> None:
    text = "".join(f"# about {number}\n" + render(f"n{number}", one) for number, one in enumerate(before))
    path.write_text(text)
    append_entry(path, "new", entry, check=lambda _: None)
    assert path.read_text().startswith(text)
    assert load_plain(path) == {f"n{number}": one for number, one in enumerate(before)} | {"new": entry}
