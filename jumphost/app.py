"""A site's configuration becomes objects, and they run: the only place that knows all of them."""

import asyncio
import json
import os
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncssh
import structlog

from jumphost import registry
from jumphost.approval.holds import Holds
from jumphost.clock import Clock, SystemClock
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.credential.ssh_certificate import SshCertificates
from jumphost.errors import Code, Unavailable
from jumphost.gateway import control, transport
from jumphost.gateway.administration import Administration
from jumphost.gateway.admission import Admission
from jumphost.gateway.parts import Parts
from jumphost.gateway.recovery import recover
from jumphost.gateway.server import Gateway
from jumphost.gateway.standing import Standing
from jumphost.identity.revocation import Revocation
from jumphost.model.event import Event, Kind
from jumphost.recording.quota import DailyQuota, today
from jumphost.signer import client as signer
from jumphost.store import left, revocations
from jumphost.store.requests import Requests
from jumphost.store.sqlite import Store

DRAIN_GRACE_S = 30.0  # running commands may finish within it when the gateway is told to end

log = structlog.get_logger(__name__)


async def serve(
    site: Site,
    *,
    ready: Callable[[dict[str, Any]], None],
    clock: Clock | None = None,
    clock_is_right: bool = False,
) -> None:
    """Runs the gateway of a site until SIGTERM or SIGINT; ``ready`` is called with the ready line's content.

    ``clock_is_right``: somebody looked, and events of the journal that are later than now are what is wrong.

    Raises Problems for a site that is not in order, Unavailable for a part that does not start.
    """
    clock = clock or SystemClock()
    config = load_site(site)
    settings = config.settings
    recordings = _folder(site.resolve(settings.recording.path))
    async with AsyncExitStack() as stack:
        store = Store.open(site.journal_db, log=settings.name)
        stack.push_async_callback(store.close)
        admission = Admission(
            clock,
            (recordings, site.state),
            min_free=settings.recording.min_free,
            latest_ns=0 if clock_is_right else await store.read(left.latest),
        )
        admission.now_ns()
        admission.disk()
        await recover(store, recordings, clock)
        requests = Requests.open(site.requests_db, key_file=site.keys / "requests_key")
        stack.push_async_callback(requests.close)
        standing = Standing(site, [Revocation(*row) for row in await store.read(revocations.everything)])  # type: ignore[arg-type]  # the store keeps what cert.revoke checked
        holds = Holds(store, clock, lambda: standing.config.approvers, per_identity=settings.limits.holds_per_identity)
        await holds.load()
        engine = await registry.engine(site, settings)
        stack.push_async_callback(engine.close)
        asked = await stack.enter_async_context(signer.running(site))
        parts = Parts(
            clock=clock,
            settings=settings,
            admission=admission,
            standing=standing,
            engine=engine,
            holds=holds,
            credentials=SshCertificates(asked, clock),
            runners=registry.runners(settings),
            store=store,
            requests=requests,
            recordings=recordings,
            quota=DailyQuota(
                clock,
                settings.limits.recording_bytes_per_day,
                await store.read(lambda connection: left.recorded(connection, today(clock))),
            ),
        )
        gateway = Gateway(parts)
        await store.write(None, Event(Kind.POLICY_LOAD, clock.now_ns(), data={"revision": engine.revision}))
        about = {"pid": os.getpid(), "clock_is_right": clock_is_right}
        await store.write(None, Event(Kind.SYSTEM_START, clock.now_ns(), data=about))
        try:
            await _listen(site, gateway, parts, ready)
        finally:
            site.ready_file.unlink(missing_ok=True)
            await store.write(None, Event(Kind.SYSTEM_STOP, clock.now_ns()))


async def _listen(site: Site, gateway: Gateway, parts: Parts, ready: Callable[[dict[str, Any]], None]) -> None:
    host, _, port = parts.settings.listen.rpartition(":")
    told_to_end = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)

    async def started() -> None:
        try:
            listener = await transport.listen(
                host.strip("[]"), int(port), gateway, [_host_key(site)], parts.settings, parts.clock
            )
        except OSError as error:
            message = f"cannot listen on {parts.settings.listen}: {error.strerror}"
            raise Unavailable(Code.GATEWAY_UNAVAILABLE, message) from error
        verbs = Administration(parts, gateway).verbs()
        async with listener, await control.serve(site.control_socket, verbs):
            address, bound = listener.sockets[0].getsockname()[:2]
            line = {"event": "ready", "ssh": f"{_bracketed(address)}:{bound}", "pid": os.getpid()}
            site.ready_file.write_text(json.dumps(line) + "\n")
            ready(line)
            await told_to_end.wait()
            listener.close()
            await gateway.drain(DRAIN_GRACE_S)
        site.control_socket.unlink(missing_ok=True)

    await gateway.run(started)


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _host_key(site: Site) -> asyncssh.SSHKey:
    return asyncssh.read_private_key(site.keys / "host_key")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
