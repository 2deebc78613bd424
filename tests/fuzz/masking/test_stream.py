"""Any bytes in any chunks: output of the same length, within bounds, or a documented error; never anything else."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.plan import PlanError, open_masker, read
from jumphost.masking.stream import MAX_HELD

REPEATED = st.builds(
    lambda piece, times: piece * times,
    st.sampled_from(
        [
            b"a",
            b"1",
            b"@",
            b"a@a.",
            b"eyJ ",
            b"-----BEGIN ",
            b"password=",
            b"\x1b[",
            b"\x1b]",
            b"4111 ",
            b"\\",
            b"://a:",
            b"+1 ",
        ]
    ),
    st.integers(1, 3000),
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.binary(max_size=80) | REPEATED | st.sampled_from([one.examples[0] for one in DETECTORS.values()]), max_size=6
    )
)
def test_any_bytes_give_as_many(chunks: list[bytes]) -> None:
    one = open_masker({"detectors": {"*": "redact"}})
    output = b""
    for chunk in chunks:
        output += one.feed(chunk)
        assert len(b"".join(chunks)) - len(output) <= MAX_HELD
    output += one.close()
    assert len(output) == len(b"".join(chunks))
    assert one.idle_after is None


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["detectors", "columns", "secrets", "mode", "x"]),
        st.none()
        | st.text(max_size=5)
        | st.lists(st.binary(max_size=12), max_size=2)
        | st.dictionaries(st.text(max_size=5), st.text(max_size=8)),
    )
)
def test_any_plan_is_read_or_refused(plan: dict[str, object]) -> None:
    with suppress(PlanError):
        read(plan)
