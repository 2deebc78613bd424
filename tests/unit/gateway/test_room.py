from jumphost.gateway.room import Room


def test_each_identity_has_its_own_room() -> None:
    room = Room()
    assert room.take("a", 60, 100)
    assert not room.take("a", 41, 100)
    assert room.take("a", 40, 100)
    assert room.take("b", 100, 100)
    assert (room.taken("a"), room.taken("b"), room.taken("c")) == (100, 100, 0)


def test_what_is_given_back_can_be_taken_again() -> None:
    room = Room()
    room.take("a", 100, 100)
    room.give("a", 30)
    assert not room.take("a", 31, 100)
    assert room.take("a", 30, 100)


def test_nothing_is_kept_of_who_has_nothing() -> None:
    room = Room()
    room.take("a", 3, 100)
    room.give("a", 3)
    assert room._taken == {}
