"""A site's configuration becomes objects, and they run: the only place that knows all of them."""

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
import structlog

from jumphost import metrics, registry, wire
from jumphost.approval.holds import Holds
from jumphost.clock import Clock, SystemClock
from jumphost.config.settings import OFF, address
from jumphost.config.site import Site
from jumphost.credential.leases import Leases
from jumphost.credential.ssh_certificate import SshCertificates
from jumphost.errors import Code, Problems, Unavailable
from jumphost.gateway import aftermath, control, masked, transport
from jumphost.gateway.administration import Administration
from jumphost.gateway.admission import Admission
from jumphost.gateway.generations import Generations
from jumphost.gateway.hostidentity import HostIdentity
from jumphost.gateway.maskers import mask_key
from jumphost.gateway.parts import Parts
from jumphost.gateway.policies import Policies
from jumphost.gateway.recovery import recover
from jumphost.gateway.server import Gateway
from jumphost.gateway.standing import Standing
from jumphost.gateway.status import Check, Status
from jumphost.gateway.supervisor import notify
from jumphost.identity.enrolment import Enrolments
from jumphost.identity.exchange import Exchange
from jumphost.identity.issuers import Issuers
from jumphost.identity.revocation import Revocation
from jumphost.model.event import Event, Kind
from jumphost.policy.pool import SMOKE
from jumphost.policy.reading import check_smoke
from jumphost.policy.reload import Reloading
from jumphost.recording.quota import DailyQuota, today
from jumphost.signer import client as signer
from jumphost.signer.client import SignerClient
from jumphost.store import families, left, revocations, spent
from jumphost.store.requests import Requests
from jumphost.store.sqlite import Store
from jumphost.web import server as web
from jumphost.web.exchange import Shop
from jumphost.web.refusals import Refusals
from jumphost.web.server import Listening

T = TypeVar("T")

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
    config = registry.config(site)
    settings = config.settings
    recordings = _folder(site.resolve(settings.recording.path))
    if unfit := await registry.unfit(site, config.targets):
        raise Problems(unfit)
    async with AsyncExitStack() as stack:
        store = Store.open(site.journal_db, log=settings.name, measure=metrics.commit)
        stack.push_async_callback(store.close)
        latest_ns = 0 if clock_is_right else await store.read(left.latest)
        admission = _admission(clock, (recordings, site.state), settings.recording.min_free, latest_ns)
        await recover(store, recordings, clock)
        requests = Requests.open(site.requests_db, key_file=site.keys / "requests_key")
        stack.push_async_callback(requests.close)
        standing = Standing(
            site,
            [Revocation(*row) for row in await store.read(revocations.everything)],  # type: ignore[arg-type]  # the store keeps what cert.revoke checked
            [identity for identity, _, _ in await store.read(families.locks)],
        )
        holds = Holds(store, clock, lambda: standing.config.approvers, per_identity=settings.limits.holds_per_identity)
        await holds.load()
        leases = Leases(store, clock, registry.providers(site, settings))
        stack.push_async_callback(leases.close)
        await leases.load()
        engine = Reloading(await registry.engine(site, settings), lambda: registry.engine(site, settings))
        stack.push_async_callback(engine.close)
        asked = await stack.enter_async_context(signer.running(site))
        await masked.warm()
        recorded = await store.read(lambda connection: left.recorded(connection, today(clock)))
        parts = Parts(
            clock=clock,
            settings=settings,
            admission=admission,
            standing=standing,
            engine=engine,
            generations=Generations(store, clock, standing, asked, await store.read(families.everything)),
            enrolments=Enrolments(store, clock),
            holds=holds,
            credentials=SshCertificates(asked, clock, wire.SUITES[settings.crypto]),
            runners=registry.runners(site, settings),
            leases=leases,
            deliveries=registry.deliveries(site, settings),
            store=store,
            requests=requests,
            recordings=recordings,
            quota=DailyQuota(clock, settings.limits.recording_bytes_per_day, recorded),
            mask_key=mask_key(site.keys / "requests_key"),
        )
        await _run(site, parts, engine, asked, ready, clock_is_right=clock_is_right)


def _admission(clock: Clock, places: tuple[Path, Path], min_free: int, latest_ns: int) -> Admission:
    """Raises Unavailable where clock or disks let nothing start."""
    admission = Admission(clock, places, min_free=min_free, latest_ns=latest_ns)
    admission.now_ns()
    admission.disk()
    return admission


async def _run(
    site: Site,
    parts: Parts,
    engine: Reloading,
    asked: SignerClient,
    ready: Callable[[dict[str, Any]], None],
    *,
    clock_is_right: bool,
) -> None:
    """The gateway of these parts, from its first event to its last."""
    metrics.DISK_FREE_BYTES.set_function(parts.admission.free)
    metrics.HOLDS_PENDING.set_function(lambda: sum(hold.state == "pending" for hold in parts.holds.live()))
    gateway = Gateway(parts)
    policies = Policies(engine, site.resolve(parts.settings.policy.bundle), parts.standing, parts.store, parts.clock)
    about = {"pid": os.getpid(), "clock_is_right": clock_is_right}
    await parts.store.write(
        None,
        Event(Kind.POLICY_LOAD, parts.clock.now_ns(), data={"revision": engine.revision}),
        Event(Kind.SYSTEM_START, parts.clock.now_ns(), data=about),
    )
    try:
        identity = HostIdentity(_host_key(site), site, parts.settings, asked, parts.clock)
        exchange = partial(_exchange, site, parts, asked)
        await _listen(site, gateway, parts, policies, identity, _checks(parts, gateway, asked), exchange, ready)
    finally:
        site.ready_file.unlink(missing_ok=True)
        await parts.store.write(None, Event(Kind.SYSTEM_STOP, parts.clock.now_ns()))


async def _listen(
    site: Site,
    gateway: Gateway,
    parts: Parts,
    policies: Policies,
    identity: HostIdentity,
    checks: Mapping[str, Check],
    exchange: Callable[[AsyncExitStack], Awaitable[str]],
    ready: Callable[[dict[str, Any]], None],
) -> None:
    """Until the first SIGTERM or SIGINT; the second leaves running commands no more time."""
    settings = parts.settings
    told_to_end = asyncio.Event()

    def told() -> None:
        if told_to_end.is_set():
            gateway.hurry()
        told_to_end.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)

    async def started() -> None:
        async with AsyncExitStack() as stack:
            await identity.refresh()
            listener = await _bound(
                settings.listen,
                lambda host, port: transport.listen(host, port, gateway, identity, settings, parts.clock),
            )
            await stack.enter_async_context(listener)
            line = {"event": "ready", "ssh": _where(listener), "pid": os.getpid()}
            if settings.status.listen != OFF:
                status = await _bound(settings.status.listen, Status(checks).serve)
                await stack.enter_async_context(status)
                line["status"] = f"http://{_where(status)}"
            if settings.exchange.listen != OFF:
                line["exchange"] = await exchange(stack)
            verbs = {**Administration(parts, gateway).verbs(), "policy.load": policies.asked}
            await stack.enter_async_context(await control.serve(site.control_socket, verbs))
            await stack.enter_async_context(policies.follow(watch=settings.policy.watch))
            await stack.enter_async_context(identity.kept())
            await stack.enter_async_context(aftermath.stopping(parts))
            await stack.enter_async_context(parts.leases.reaping())
            site.ready_file.write_text(json.dumps(line) + "\n")
            ready(line)
            notify("READY=1")
            await told_to_end.wait()
            notify("STOPPING=1")
            listener.close()
            await gateway.drain(settings.drain)
        site.control_socket.unlink(missing_ok=True)

    await gateway.run(started)


async def _exchange(site: Site, parts: Parts, asked: SignerClient, stack: AsyncExitStack) -> str:
    """Takes tokens until the stack ends, at the URL that is returned."""
    settings = parts.settings.exchange
    issuers = Issuers(
        lambda: parts.standing.config.settings.issuers,
        lambda name, issuer: registry.token_issuer(site, name, issuer, parts.clock),
    )
    used = await parts.store.read(spent.everything)
    refusals = Refusals(parts.store, parts.clock)
    shop = Shop(
        Exchange(
            parts.admission.now_ns, issuers, parts.enrolments, asked.ask, parts.standing.entitled, parts.store, used
        ),
        refusals,
        settings.requests_per_minute,
        parts.clock,
        lambda: _host_ca(site),
        lambda: registry.published_keys(site, parts.settings),
    )
    try:
        certified = web.context(site.resolve(settings.cert), site.resolve(settings.key)) if settings.cert else None
    except OSError as error:
        message = f"cannot use the certificate of the exchange, {settings.cert} with {settings.key}: {error}"
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, message) from error
    listening = await _bound(settings.listen, lambda host, port: web.listen(shop.app(), host, port, certified))
    await stack.enter_async_context(refusals.counting())
    await stack.enter_async_context(listening)
    return f"{'https' if certified else 'http'}://{_where(listening)}"


def _checks(parts: Parts, gateway: Gateway, asked: SignerClient) -> Mapping[str, Check]:
    """What a command needs, as ``/readyz`` asks for it."""

    async def engine() -> None:
        check_smoke(await parts.engine.judge(SMOKE))

    async def disk() -> None:
        parts.admission.disk()

    async def clock() -> None:
        parts.admission.now_ns()

    return {
        "gateway": gateway.probe,
        "journal": parts.store.probe,
        "engine": engine,
        "signer": asked.probe,
        "disk": disk,
        "clock": clock,
    }


async def _bound(listen: str, serve: Callable[[str, int], Awaitable[T]]) -> T:
    try:
        return await serve(*address(listen))
    except OSError as error:
        message = f"cannot listen on {listen}: {error.strerror}"
        raise Unavailable(Code.GATEWAY_UNAVAILABLE, message) from error


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _host_key(site: Site) -> asyncssh.SSHKey:
    return asyncssh.read_private_key(site.keys / "host_key")


def _host_ca(site: Site) -> str:
    """The line that clients know the gateway's host certificates by; "" where there is no host CA."""
    path = site.keys / "host_ca.pub"
    return path.read_text().strip() if path.is_file() else ""


def _where(server: asyncio.Server | Listening) -> str:
    host, port = server.sockets[0].getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
