"""Whether something was ever printed, from counts alone."""

from typing import Any

import msgspec
import pytest

from jumphost.audit.ever import Ever, Ran, Unseen, ever
from jumphost.clock import rfc3339

NS = 10**9


def row(count: int, detector: str = "credit_card", action: str = "masked", shown: int = 0) -> dict[str, Any]:
    return {
        "detector": detector, "action": action, "count": count, "bytes": 16 * count, "distinct": 1, "shown": shown,
    }  # fmt: skip


def ran(name: str, second: int, *out: dict[str, Any], looks: tuple[str, ...] = ("credit_card", "email")) -> Ran:
    streams = {
        "stdin": {"scanned": 7, "counts": [row(9)]},  # what was sent is not what was printed
        "stdout": {"scanned": 100, "counts": out[:1]},
        "stderr": {"scanned": 10, "counts": out[1:]},
    }
    body = msgspec.json.encode({"detectors": looks, "streams": streams})
    return Ran(name, second * NS, 500, body)


def test_nothing_ran() -> None:
    assert ever("credit_card", []) == Ever(found=False)


def test_yes_with_all_that_is_known() -> None:
    found = ever("credit_card", [
        ran("a", 1, row(2), row(1, action="detected")),
        ran("b", 2, row(5, "email")),
        ran("c", 3, row(1, shown=4), row(1, "held")),
    ])  # fmt: skip
    assert found == Ever(
        found=True, sessions=("a", "c"), masked=3, detected=1, shown=4, first=rfc3339(1 * NS), last=rfc3339(3 * NS),
        seen=3, scanned=330, unjudged=1,
    )  # fmt: skip


def test_what_looked_and_what_could_not_be_looked_into() -> None:
    def told(engine: str, count: int) -> Ran:
        streams = {"stdout": {"scanned": 5, "counts": [], "opaque": {"kind": "gzip", "bytes": count}}}
        body = msgspec.json.encode({"engine": engine, "detectors": ["credit_card"], "streams": streams})
        return Ran(engine, NS, 0, body)

    found = ever("credit_card", [told("re2", 7), told("hyperscan", 40), ran("a", 1)])
    assert (found.engines, found.unread, found.scanned) == (("hyperscan", "re2"), 47, 120)


@pytest.mark.parametrize(
    ("sessions", "seen", "unseen"),
    [
        ([ran("a", 1), ran("b", 2, row(3, "email"))], 2, Unseen()),
        ([ran("a", 1, looks=("email",))], 0, Unseen(1, 500)),
        ([Ran("a", 1, 70, None), ran("b", 2), ran("c", 3, row(1), looks=())], 1, Unseen(2, 570)),
    ],
)
def test_no_and_what_was_not_looked_at(sessions: list[Ran], seen: int, unseen: Unseen) -> None:
    found = ever("credit_card", sessions)
    assert (found.found, found.sessions, found.seen, found.unseen) == (False, (), seen, unseen)
    assert (found.first, found.last) == ("", "")
