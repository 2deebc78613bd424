"""``python -m tests.bench.lagged FILE --site DIR``: a gateway that writes how late its event loop was.

One line of FILE for each time that it slept a millisecond: when it was due (seconds of CLOCK_MONOTONIC), and how many
milliseconds later it woke.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from jumphost import app, log
from jumphost.config.site import Site

TICK_S = 0.001


async def _watched(site: Site, file: Path) -> None:
    late: list[tuple[float, float]] = []

    async def tick() -> None:
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            late.append((due, (time.monotonic() - due) * 1000))

    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick())
        await app.serve(site, ready=lambda line: print(json.dumps(line), flush=True))
        ticking.cancel()
    file.write_text("".join(f"{due:.4f} {lag:.3f}\n" for due, lag in late))


def main() -> None:
    """Serves the site."""
    file, _, folder = sys.argv[1:]
    log.configure("warning", "json")
    asyncio.run(_watched(Site(Path(folder).resolve()), Path(file)))


if __name__ == "__main__":
    main()
