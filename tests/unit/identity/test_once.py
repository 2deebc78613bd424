"""What may be used once, while it can come again."""

from jumphost.identity.once import Once


def test_once_until_it_ends() -> None:
    used = Once([("old", 50)])
    assert [used.use("old", 50, 1), used.use("new", 100, 1), used.use("new", 100, 99)] == [False, True, False]
    assert [used.use("old", 60, 50), used.use("new", 200, 100)] == [True, True]


def test_what_was_not_used_after_all() -> None:
    used = Once()
    assert used.use("a", 100, 1)
    used.release("a")
    used.release("unknown")
    assert used.use("a", 200, 1)
    assert not used.use("a", 200, 150), "its first end was not its last"
    assert used.use("a", 300, 200)
