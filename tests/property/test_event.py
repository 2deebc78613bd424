"""An event's data may be anything but another event's fields."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jumphost.model.event import Event, Kind, encode

FIXED = ["v", "log", "idx", "at", "kind", "session", "connection", "decision", "identity", "target"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds(
    Event,
    st.sampled_from(Kind),
    st.integers(0, 4_102_444_800 * 10**9),
    *[st.text(max_size=6)] * 5,
    st.dictionaries(st.text(max_size=8) | st.sampled_from(FIXED), VALUES, max_size=4),
)


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are there once: no two readers can differ."""
    assert len({name for name, _ in pairs}) == len(pairs)
    return dict(pairs)


@given(EVENTS, st.text(max_size=6), st.integers(0, 2**53))
def test_fixed_fields_are_never_forged(event: Event, log: str, index: int) -> None:
    if set(FIXED) & event.data.keys():
        with pytest.raises(ValueError, match="got the fixed names"):
            encode(event, log=log, index=index)
        return
    line = encode(event, log=log, index=index)
    assert b"\n" not in line
    read = json.loads(line, object_pairs_hook=once)
    fixed = {name: getattr(event, name) for name in ("session", "connection", "decision", "identity", "target")}
    assert read == {
        **event.data,
        **fixed,
        "v": 1,
        "log": log,
        "idx": index,
        "kind": event.kind.value,
        "at": read["at"],
    }
    assert line == encode(event, log=log, index=index)
