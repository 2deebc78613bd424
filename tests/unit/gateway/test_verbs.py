"""The gateway's own verbs."""

import json

import pytest

from jumphost.errors import Code, Refused
from jumphost.gateway.verbs import answer
from jumphost.model.identity import Caller, Certificate, Identity

CALLER = Caller(Identity("job", "team", "main", groups=("batch",), certificate=Certificate(serial="7")))


@pytest.mark.parametrize("raw", [b"whoami", b"  whoami\n"])
def test_whoami(raw: bytes) -> None:
    printed = answer(CALLER, raw)
    assert printed.endswith(b"}\n")
    said = json.loads(printed)
    assert (said["name"], said["owner"], said["groups"], said["certificate"]["serial"]) == (
        "job", "team", ["batch"], "7",
    )  # fmt: skip


@pytest.mark.parametrize("raw", [b"", b"whoareyou", b"whoami now", b"\xff", b"whoami;id", b"WHOAMI"])
def test_anything_else_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match="expected whoami") as caught:
        answer(CALLER, raw)
    assert caught.value.code is Code.REQUEST_INVALID
