"""Who leaves a full room; tests/unit/gateway/test_door.py has it in use."""

from jumphost.audit.crowd import Crowd


def test_the_longest_inside_of_the_address_with_most_leaves() -> None:
    crowd = Crowd[str](3)
    assert [crowd.enter("first", "a"), crowd.enter("one", "b"), crowd.enter("two", "b")] == [None, None, None]
    assert crowd.enter("three", "b") == "one"
    assert crowd.leave("one") is None
    assert crowd.leave("first") == "a"
    assert crowd.enter("four", "c") is None


def test_a_network_counts_as_one() -> None:
    crowd = Crowd[int](2)
    crowd.enter(1, "192.0.2.1")
    crowd.enter(2, "2001:db8::1")
    assert crowd.enter(3, "2001:db8::2") == 2
