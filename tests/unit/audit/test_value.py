"""The marks by which an answer finds its events stand in the bytes of the events."""

import pytest

from jumphost.audit.value import FULL, INDEXED, Value
from jumphost.model.event import Event, Kind, encode


@pytest.mark.parametrize(("data", "indexed", "full"), [({}, 0, 0), ({"index": ["d"]}, 1, 0), ({"full": True}, 0, 1)])
def test_the_marks_are_in_what_the_journal_keeps(data: dict[str, object], indexed: int, full: int) -> None:
    line = encode(Event(Kind.MASK_COUNT, 0, data={"streams": {"stdout": data}}), log="gw", index=0)
    assert (line.count(INDEXED), line.count(FULL)) == (indexed, full)


def test_nobody_saw_what_nothing_says() -> None:
    assert Value(found=False) == Value(found=False, readings=(), seen=0, full=0, unseen=0)
