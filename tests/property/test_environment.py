"""Whatever bytes a caller sends as its environment: wishes that are in order, or one refusal."""

from hypothesis import given
from hypothesis import strategies as st

from jumphost.errors import Code, Refused
from jumphost.gateway.environment import MAX_WAIT_S, Wishes, read, wants_json

ACCEPTED = ("LANG", "TZ")
NAMES = st.sampled_from(
    [*(f"JUMPHOST_{name}" for name in ("PURPOSE", "CORRELATION_ID", "WAIT", "DRY_RUN", "OUTPUT")), *ACCEPTED, "PATH"]
)
VALUES = st.one_of(st.binary(max_size=300), st.text(max_size=8).map(str.encode), st.sampled_from([b"0", b"1", b"json"]))


@given(st.dictionaries(NAMES | st.text(max_size=12).map(lambda text: f"JUMPHOST_{text}") | st.text(), VALUES))
def test_wishes_or_a_refusal(raw: dict[str, bytes]) -> None:
    try:
        wishes = read(raw, ACCEPTED)
    except Refused as error:
        refusal = error
    else:
        in_order(wishes, raw)
        return
    assert refusal.code is Code.REQUEST_INVALID
    assert refusal.message.isprintable()
    assert len(refusal.message) < 300


def in_order(wishes: Wishes, raw: dict[str, bytes]) -> None:
    assert wishes.purpose.isprintable()
    assert wishes.correlation.isascii()
    assert wishes.correlation.isprintable()
    assert wishes.wait_s is None or 0 <= wishes.wait_s <= MAX_WAIT_S
    assert wishes.as_json is wants_json(raw)
    assert {name: value.encode() for name, value in wishes.env.items()} == {
        name: value for name, value in raw.items() if name in ACCEPTED
    }
    assert not any("\0" in value for value in wishes.env.values())
