"""``python -I -m jumphost.signer --site DIR``: runs a signer until SIGTERM, or until its standard input ends."""

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from jumphost import log
from jumphost.child import seclude
from jumphost.clock import NS_PER_S, Clock, SystemClock
from jumphost.config.site import Site
from jumphost.errors import Code, JumphostError, Unavailable, status_of
from jumphost.signer.log import Log
from jumphost.signer.server import Signer, serve

LOCK_WAIT_S = 10.0  # for a signer that is about to end: a restart, or one that the command line started


def main() -> int:
    """Parses the arguments and runs; the exit status is 0 after an orderly end, else that of CONTRACTS §3."""
    parser = argparse.ArgumentParser(prog="jumphost.signer", description=__doc__)
    parser.add_argument("--site", type=Path, required=True, help="the site's directory")
    parser.add_argument("--socket", type=Path, help="where to listen; default: run/signer.sock of the site")
    parser.add_argument("--peer", type=int, action="append", default=[], metavar="UID", help="a uid that may ask too")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input does")
    given = parser.parse_args()
    seclude()
    log.configure("info", "json")
    site = Site(given.site.resolve())
    try:
        asyncio.run(_run(site, given.socket or site.signer_socket, given.peer, with_parent=given.with_parent))
    except JumphostError as error:
        print(f"jumphost: {error}{f' ({error.detail})' if error.detail else ''}", file=sys.stderr)  # noqa: T201 - its one line
        return status_of(error.code)
    return 0


async def _run(site: Site, path: Path, peers: list[int], *, with_parent: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    if with_parent:
        loop.add_reader(sys.stdin.fileno(), ended.set)  # nobody writes to it: readable means that it ended
    clock = SystemClock()
    records = await _log(site.signer / "log.jsonl", clock)
    try:
        server = await serve(Signer(site, clock, records), path, peers=peers)
    except OSError as error:
        raise Unavailable(Code.SIGNER_UNAVAILABLE, f"the signer cannot listen on {path}: {error}") from None
    print(json.dumps({"event": "ready", "socket": str(path), "pid": os.getpid()}), flush=True)  # noqa: T201 - its one line
    await ended.wait()
    await asyncio.to_thread(path.unlink, missing_ok=True)
    server.close()
    await server.wait_closed()
    records.close()


async def _log(path: Path, clock: Clock) -> Log:
    until = clock.monotonic() + LOCK_WAIT_S
    while True:
        try:
            return Log.open(path, now_s=clock.now_ns() // NS_PER_S)
        except BlockingIOError:
            if clock.monotonic() >= until:
                raise Unavailable(
                    Code.SIGNER_UNAVAILABLE, f"another signer holds {path}: use that one, or stop it"
                ) from None
            await asyncio.sleep(0.05)
        except OSError as error:
            raise Unavailable(Code.SIGNER_UNAVAILABLE, f"the signer cannot open {path}: {error.strerror}") from None


if __name__ == "__main__":
    sys.exit(main())
