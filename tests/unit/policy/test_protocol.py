"""What pool and workers say comes over as it was said."""

import msgspec
import pytest

from jumphost.errors import Code, Problem
from jumphost.policy import protocol
from jumphost.policy.protocol import Call, Load, Module, Ready, Reply, fault
from jumphost.testing.policies import submission

SAID = [
    Load(modules=(Module(path="a.rego", package="a", text="package a"),), data=b"{}", cpu_s=1, memory=1 << 30),
    Ready(problems=(Problem("a.rego", 1, "x", "got x"),)),
    Call(7, submission()),
    Call(8, None, b'{"v":1}', judge=False),
    Reply(7, b"{}", document=b"{}", request_digest="00", input_digest="11", last=True),
]


@pytest.mark.parametrize("message", SAID, ids=lambda message: type(message).__name__)
def test_it_comes_over_as_it_was_said(message: msgspec.Struct) -> None:
    assert msgspec.msgpack.decode(protocol.encode(message), type=type(message)) == message


def test_a_fault_is_a_reply_without_an_answer() -> None:
    assert fault(Code.POLICY_TIMEOUT, "late") == Reply(0, code=Code.POLICY_TIMEOUT, message="late")


def test_text_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(protocol.encode(Ready()), type=Call)
