"""``python -m tests.bench.timed FILE --site DIR``: a gateway that writes what policy, journal and recording took.

One line of FILE a session: the milliseconds in which it waited for any of them, what they did side by side once.
"""

import asyncio
import functools
import json
import sys
import time
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from jumphost import app, log
from jumphost.config.site import Site
from jumphost.gateway.execution import Execution
from jumphost.gateway.session import Session
from jumphost.store.requests import Requests
from jumphost.store.sqlite import Store

Span = tuple[float, float]

MEASURED = ((Session, "_judge"), (Requests, "put"), (Store, "write"), (Execution, "record"), (Execution, "seal"))

_spans: ContextVar[list[Span]] = ContextVar("spans")


def together(spans: Iterable[Span]) -> float:
    """The length of the union of spans."""
    length, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        length += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return length


def _measured(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        begin = time.perf_counter()
        try:
            return await method(*arguments, **named)
        finally:
            _spans.get([]).append((begin, time.perf_counter()))

    return wrapped


def _written(method: Callable[..., Any], file: Path) -> Callable[..., Any]:
    @functools.wraps(method)
    async def wrapped(*arguments: Any, **named: Any) -> Any:
        _spans.set(spans := [])
        await method(*arguments, **named)
        with file.open("a") as lines:
            lines.write(f"{together(spans) * 1000:.3f}\n")

    return wrapped


def main() -> None:
    """Serves the site."""
    file, _, folder = sys.argv[1:]
    log.configure("warning", "json")
    for owner, name in MEASURED:
        setattr(owner, name, _measured(getattr(owner, name)))
    Session.run = _written(Session.run, Path(file))  # type: ignore[method-assign]
    asyncio.run(app.serve(Site(Path(folder).resolve()), ready=lambda line: print(json.dumps(line), flush=True)))


if __name__ == "__main__":
    main()
