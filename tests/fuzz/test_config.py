"""Any bytes are a value or Problems with a line of the file, and never another exception."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jumphost.config.create import create_site
from jumphost.config.edit import append_entry, set_scalar
from jumphost.config.load import load_approvers, load_identities, load_plain, load_site, load_targets, plain
from jumphost.config.site import Site
from jumphost.errors import Problems

WORDS = r"""a b owner groups: keys: host: scope enabled true no ~ 22:00 1e999 9007199254740993 0o17 .inf - -- ---
... ? : , [ ] { } # ' " | > & * ! % @ ` << \ &a *a !!str %YAML {a: [*a]} |+ >- jumphost"""
PIECES = st.sampled_from(WORDS.split())
SPACES = st.sampled_from(["", " ", "  ", "\n", "\n  ", "\n- ", ": ", "\t", "\r\n", "\u2028", "\ufeff", "\0", "é", "😀"])
YAML_LIKE = st.lists(PIECES | SPACES, max_size=60).map("".join).map(str.encode)
ANY = (
    st.binary(max_size=300) | YAML_LIKE | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
)


def accept(read: Callable[[bytes], Any], data: bytes) -> Any:
    try:
        return read(data)
    except Problems as error:
        refused = error
    last = data.count(b"\n") + data.count(b"\r") + 1
    assert refused.problems
    assert all(0 <= problem.line <= last + 1 and problem.message for problem in refused.problems)
    return None


def entries(data: bytes) -> None:
    for load in (load_identities, load_approvers, load_targets):
        accept(partial(_only, load), data)


def _only(load: Callable[..., Any], data: bytes) -> Any:
    return load(Path("f"), read=lambda _: data)


@given(ANY)
@example(b"a: \xed\xa0\x80")
@example(b'"\\ud800"')
@example(b"? ? ? a")
@settings(max_examples=400, deadline=None)
def test_the_loader(data: bytes) -> None:
    value = accept(lambda data: plain(data, "f"), data)
    assert json.loads(json.dumps(value, allow_nan=False).encode()) == value


@given(ANY)
@settings(max_examples=200, deadline=None)
def test_the_entries(data: bytes) -> None:
    entries(data)


KEYS = st.sampled_from(
    ["owner", "groups", "keys", "match", "scope", "host", "port", "logins", "labels", "a", "callers", "é"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8) | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_the_binder(value: object) -> None:
    entries(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return create_site(tmp_path_factory.mktemp("fuzz") / "site")


@given(data=ANY | VALUES.map(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")))
@settings(max_examples=200, deadline=None)
def test_the_settings(site: Site, data: bytes) -> None:
    accept(lambda data: load_site(site, read=lambda path: data if path == site.settings else b""), data)


@given(data=ANY, value=st.booleans() | st.text(max_size=8), append=st.booleans())
@settings(max_examples=300, deadline=None)
def test_an_edit_changes_what_it_says_or_nothing(site: Site, data: bytes, value: bool | str, append: bool) -> None:
    path = site.root / "edited.yaml"
    path.write_bytes(data)
    before = accept(lambda data: plain(data, "f"), data)
    try:
        if append:
            append_entry(path, "new", {"k": value}, check=lambda _: None)
            assert load_plain(path) == {**(before or {}), "new": {"k": value}}
        else:
            set_scalar(path, "a", "k", value=value, check=lambda _: None)
            assert isinstance(before, dict)
            assert load_plain(path) == {**before, "a": {**before["a"], "k": value}}
    except Problems:
        assert path.read_bytes() == data
