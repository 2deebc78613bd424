"""What is left of a scope within another: never wider than either."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.identity import scope
from jumphost.signer.scope import cut


@pytest.mark.parametrize(
    ("asked", "bound", "left"),
    [
        (["exec:a"], ["exec:a"], ["exec:a"]),
        (["exec:a"], ["exec:*"], ["exec:a"]),
        (["exec:*"], ["exec:a"], ["exec:a"]),
        (["*:*"], ["exec:a", "shell:b"], ["exec:a", "shell:b"]),
        (["exec:a", "exec:b"], ["exec:b"], ["exec:b"]),
        (["exec:a"], ["exec:b"], []),
        (["shell:a"], ["exec:a"], []),
        (["exec:a"], ["exec:a:root"], ["exec:a:root"]),
        (["exec:a:root"], ["exec:a"], ["exec:a:root"]),
        (["exec:a:root"], ["exec:a:app"], []),
        (["exec:batch-1*"], ["exec:batch-*"], ["exec:batch-1*"]),
        (["exec:batch-*"], ["exec:*-db"], []),
        (["exec:batch-?"], ["exec:batch-*"], ["exec:batch-?"]),
        (["exec:batch-*"], ["exec:batch-?"], ["exec:batch-?"]),
        (["exec:a?"], ["exec:?a"], []),
        (["exec:[ab]"], ["exec:*"], ["exec:[ab]"]),
        (["exec:[ab]"], ["exec:*b]"], []),
        (["exec:a"], ["exec:[ab]"], ["exec:a"]),
        (["exec:a", "exec:a"], ["exec:*", "*:a"], ["exec:a"]),
        ([], ["exec:a"], []),
        (["exec:a"], [], []),
    ],
)
def test_cuts(asked: list[str], bound: list[str], left: list[str]) -> None:
    assert cut(asked, bound) == tuple(left)


FIELD = st.text("ab*?[]!-", min_size=1, max_size=4)
ENTRY = st.lists(FIELD, min_size=2, max_size=3).map(":".join)
SCOPE = st.lists(ENTRY, max_size=3)
PLAIN = st.text("ab-", min_size=1, max_size=3)


@settings(deadline=None)
@given(SCOPE, SCOPE, PLAIN, PLAIN, PLAIN)
def test_what_is_left_admits_nothing_that_one_of_the_two_does_not(
    asked: list[str], bound: list[str], operation: str, target: str, login: str
) -> None:
    what = (operation, target, login)
    if scope.allows([cut(asked, bound)], *what):
        assert scope.allows([asked, bound], *what)
