import pytest
from msgspec.structs import replace

from jumphost.model.identity import Certificate, Identity
from jumphost.model.request import Source
from jumphost.policy import quarantine
from jumphost.policy.protocol import Call
from jumphost.policy.quarantine import Quarantine, key_of
from jumphost.testing.policies import Unreviewed, main_only, submission

SLOW = """
decision := {"effect": "deny", "rules": [], "obligations": {}} if _slow == false

_slow if {
	input.purpose == "slow"
	count([1 | some a in numbers.range(1, 4000); some b in numbers.range(1, 4000); a == b]) > 0
}

default _slow := false
"""


def asked(**changes: object) -> Call:
    certificate = Certificate(serial=str(changes.pop("serial", "1")), valid_before=str(changes.pop("until", "")))
    identity = Identity(name="a", owner="o", issuer="main", certificate=certificate)
    return Call(1, submission(identity=identity, **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "x"},
        {"connection": "x"},
        {"now_ns": 5},
        {"serial": "9"},
        {"until": "later"},
        {"correlation": "x"},
        {"source": Source(address="192.0.2.7", port=9)},
    ],
)
def test_the_same_sent_again_is_known(changes: dict[str, object]) -> None:
    assert key_of(asked(**changes)) == key_of(replace(asked(), number=2))


@pytest.mark.parametrize("changes", [{"raw": b"x"}, {"purpose": "x"}, {"env": {"A": "b"}}, {"stdin": b"x"}])
def test_another_input_is_another(changes: dict[str, object]) -> None:
    assert key_of(asked(**changes)) != key_of(asked())


def test_documents_are_told_apart_by_their_bytes() -> None:
    assert key_of(Call(1, None, b"{}")) == key_of(Call(2, None, b"{}")) != key_of(Call(1, None, b"{ }"))


def test_what_ended_two_workers_is_held_and_the_longest_unseen_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "KEPT", 2)
    kept = Quarantine()
    for key in (b"a", b"b", b"a", b"c"):
        kept.ended(key)
    assert [kept.holds(key) for key in (b"a", b"b", b"c")] == [True, False, False]
    kept.ended(b"b")
    assert not kept.holds(b"b"), "it was forgotten, and is counted anew"


async def test_an_input_that_ends_workers_is_denied_at_once_the_third_time() -> None:
    pool = await Unreviewed.start(main_only(SLOW), workers=1, deadline_ms=1500)
    slow = submission(purpose="slow")
    codes = [(await pool.judge(slow)).code for _ in range(2)]
    pids = pool.pids
    last = await pool.judge(slow)
    other = await pool.judge(submission(purpose="slow", raw=b"date"))
    assert codes == ["policy.timeout", "policy.timeout"]
    assert (last.code, last.verdict.effect) == ("policy.unavailable", "deny")
    assert "ended 2 workers" in last.message
    assert other.code == "policy.timeout", "another input is judged"
    assert pids - pool.pids
    await pool.close()
