"""Both engines give every place where a trigger stands."""

import subprocess
import sys

import pytest

from jumphost.masking import engine as engines
from jumphost.masking.trigger import Trigger

TRIGGERS = (
    Trigger("ab"),
    Trigger("aa"),
    Trigger("[0-9]{3}", before="0-9a-z"),
    Trigger("key", before="a-z", nocase=True),
    Trigger("k"),
)


@pytest.fixture(params=["hyperscan", "re2"])
def engine(request: pytest.FixtureRequest) -> engines.Engine:
    return engines.engine(TRIGGERS, request.param)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", []),
        (b"zz", []),
        (b"ab", [(0, 0)]),
        (b"aaab", [(0, 1), (1, 1), (2, 0)]),  # one begins within another
        (b"1234", [(0, 2)]),
        (b"a123", []),
        (b" 123 456", [(1, 2), (5, 2)]),
        (b"\xff123\x00456", [(1, 2), (5, 2)]),  # bytes that are no UTF-8 hide nothing
        (b"key", [(0, 3), (0, 4)]),
        (b"monkey", [(3, 4)]),
        (b"\nKEY KeY", [(1, 3), (5, 3)]),
        (rb"\nkey\tkey \\key \xkey", [(2, 3), (2, 4), (7, 3), (7, 4), (13, 3), (13, 4), (19, 4)]),  # after an escape
        (b"%0akey %akey 12%2ckey", [(3, 3), (3, 4), (9, 4), (18, 3), (18, 4)]),
        (rb"\n1234", [(2, 2)]),
    ],
)
def test_where_triggers_stand(engine: engines.Engine, data: bytes, found: list[tuple[int, int]]) -> None:
    assert engine.find(data) == found
    assert engine.find(data) == found  # nothing is left of the first


def test_no_triggers_are_nowhere() -> None:
    assert engines.engine((), "re2").find(b"x") == []


def test_the_best_is_there() -> None:
    assert engines.BEST == "hyperscan"


def test_without_hyperscan_re2_is_the_best() -> None:
    code = "import sys; sys.modules['hyperscan'] = None; from jumphost.masking import engine as e; print(e.BEST)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "re2\n"
