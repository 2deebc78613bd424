"""A helper process that does as it is told, for tests of ``jumphost.child``."""

import json
import os
import resource
import sys
import time
from pathlib import Path

from jumphost import child

LIMITS = child.Limits(memory=512 << 20, files=20)


def main(arguments: list[str]) -> None:
    """Answers one frame after the other; the first word says how."""
    socket, parent, *fds = map(int, arguments)
    child.confine(LIMITS, parent)
    pipe = child.Parent(socket)
    while (message := pipe.receive()) is not None:
        word, _, rest = message.partition(b" ")
        match word:
            case b"state":
                pipe.send(json.dumps(_state()).encode())
            case b"sealed":
                pipe.send(child.unsealed(fds[0]))
            case b"grow":
                bytearray(1 << 30)
            case b"burn":
                child.grant_cpu(0)
                while time.process_time() < 30:
                    pass
            case b"huge":
                os.write(socket, b"\xff\xff\xff\xff")
            case b"exit":
                raise SystemExit(int(rest))
            case _:
                pipe.send(rest)


def _state() -> dict[str, object]:
    return {
        "environment": dict(os.environ),
        "descriptors": sorted(int(path.name) for path in Path("/proc/self/fd").iterdir()),
        "limits": {
            name: resource.getrlimit(getattr(resource, name))[0]
            for name in ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE")
        },
        "isolated": sys.flags.isolated,
    }


if __name__ == "__main__":
    main(sys.argv[1:])
