from jumphost.policy.allowed import ALLOWED, FIXES, instead
from jumphost.policy.builtins import FORBIDDEN, OVERRIDES


def test_nothing_forbidden_is_allowed() -> None:
    assert not ALLOWED.keys() & FORBIDDEN.keys()
    assert not [name for name in ALLOWED if name in FIXES]


def test_overrides_take_as_many_arguments_as_calls_are_held_to() -> None:
    assert {name: ALLOWED.get(name) for name in OVERRIDES} == {name: count for name, (count, _) in OVERRIDES.items()}


def test_a_way_out_is_named_for_families_and_single_builtins() -> None:
    assert instead("time.add_date") == instead("time.now_ns") == FIXES["time."]
    assert instead("print") == FIXES["print"]
    assert "policy.engine: opa" in instead("printer")
