"""A policy worker that does not keep to its protocol: each purpose is one way of breaking it."""

import os
import sys

import msgspec

from jumphost import child
from jumphost.policy.protocol import REPLY_BYTES, Call, Ready, Reply, encode
from jumphost.testing.policies import Unreviewed

ALLOW = b'{"effect": "allow", "rules": [{"id": "rogue", "effect": "allow", "message": ""}], "obligations": {}}'


class RoguePool(Unreviewed):
    """A pool of such workers."""

    module = "jumphost.testing.rogue"


def main(arguments: list[str]) -> None:
    """Answers each call as its purpose says."""
    socket = int(arguments[0])
    pipe = child.Parent(socket)
    pipe.send(encode(Ready()))
    while (message := pipe.receive()) is not None:
        call = msgspec.msgpack.decode(message, type=Call)
        allow = Reply(call.number, answer=ALLOW)
        match call.submission.purpose if call.submission else "":
            case "another number":
                pipe.send(encode(Reply(call.number + 1, answer=ALLOW)))
            case "not a reply":
                pipe.send(b"\xc1\xff\x00rubbish")
            case "another type":
                pipe.send(encode({"effect": "allow"}))
            case "unknown code":
                pipe.send(encode((call.number, b"", "all.good")))
            case "too long":
                os.write(socket, (REPLY_BYTES + 1).to_bytes(4, "big"))
            case "half":
                frame = encode(allow)
                os.write(socket, len(frame).to_bytes(4, "big") + frame[: len(frame) // 2])
                return
            case "twice":
                pipe.send(encode(allow))
                pipe.send(encode(allow))
            case "exit":
                return
            case "silence":
                pass
            case _:
                pipe.send(encode(allow))


if __name__ == "__main__":
    main(sys.argv[1:])
