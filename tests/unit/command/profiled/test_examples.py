"""Examples of profiles are tried, and say what is otherwise."""

import pytest

from jumphost.command.profiled.examples import failures
from jumphost.command.profiled.grammar import Grammars
from jumphost.testing import profiles

CP = """
cp:
  summary: copies
  effects: [fs_read, fs_write]
  flags: {-v: , --from: host}
  operands: ["path_read+", path_write]
  allow: [ALLOW]
  refuse: ["REFUSE"]
"""


def said(allow: str, refuse: str = "cp") -> list[str]:
    found, problems = profiles.read(CP.replace("ALLOW", allow).replace("REFUSE", refuse))
    assert problems == []
    return list(failures(found["cp"], Grammars(found)))


@pytest.mark.parametrize(
    "allow",
    [
        "cp /a /b",
        "cp -v /a /b 2> /dev/null | cat",
        "{run: cp /a /b --from X.y, effects: [fs_write, fs_read], reads: [/a], writes: [/b], hosts: [x.y]}",
        "{run: cp /a /b, deletes: [], hosts: []}",
    ],
)
def test_good_ones(allow: str) -> None:
    assert said(allow) == []


@pytest.mark.parametrize(
    ("allow", "refuse", "message"),
    [
        ("cp --frob /a /b", "cp", "allow: cp --frob /a /b: got no match (--frob: unknown flag), expected one"),
        (
            "cp /a /b; cp /a",
            "cp",
            "allow: cp /a /b; cp /a: got no match (got 1 operands, which are too many or too few), expected one",
        ),
        ("mv /a /b", "cp", "allow: mv /a /b: got no call of cp in what is read as literal"),
        ("cp 'a", "cp", "allow: cp 'a: got no call of cp in what is read as unparsed"),
        (
            "{run: cp /a /b, effects: [fs_read]}",
            "cp",
            "allow: cp /a /b: effects: got ['fs_read', 'fs_write'], expected ['fs_read']",
        ),
        ("{run: cp /a /b, reads: [/a, /b]}", "cp", "allow: cp /a /b: reads: got ['/a'], expected ['/a', '/b']"),
        ("{run: cp /a /b, writes: []}", "cp", "allow: cp /a /b: writes: got ['/b'], expected []"),
        ("{run: cp /a /b, deletes: [/a]}", "cp", "allow: cp /a /b: deletes: got [], expected ['/a']"),
        ("{run: cp /a /b, hosts: [x]}", "cp", "allow: cp /a /b: hosts: got [], expected ['x']"),
        ("cp /a /b", "cp -v /a /b", "refuse: cp -v /a /b: got a match, expected none"),
    ],
)
def test_bad_ones(allow: str, refuse: str, message: str) -> None:
    assert said(allow, refuse) == [message]
