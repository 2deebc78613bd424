"""A whole gateway in the test's own process: real transport, sessions, journal and holds of a real site.

Commands run in a local shell. Engine and credentials do as they are told, and every port can be made to fail.
"""

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import asyncssh
from msgspec.structs import replace

from jumphost.approval.holds import Holds
from jumphost.approval.signing import signed
from jumphost.clock import NS_PER_S, Clock, SystemClock, new_id, rfc3339
from jumphost.config.create import create_site
from jumphost.config.credentials import Postgres
from jumphost.config.load import load_site
from jumphost.config.settings import Settings
from jumphost.config.site import Site
from jumphost.credential.leases import Leases
from jumphost.gateway import control, transport
from jumphost.gateway.administration import Administration
from jumphost.gateway.admission import Admission
from jumphost.gateway.generations import Generations
from jumphost.gateway.parts import Parts
from jumphost.gateway.server import Gateway
from jumphost.gateway.standing import Standing
from jumphost.identity.enrolment import Enrolments
from jumphost.masking.plan import Masker, open_masker
from jumphost.model.approval import Approval, Hold, Term, VerdictWord
from jumphost.model.decision import Decision, Effect, Judgement, Obligations, Rule, Verdict, leading_rule
from jumphost.model.event import Event, Kind
from jumphost.model.lease import Lease
from jumphost.model.target import Target
from jumphost.policy import document
from jumphost.policy.base import Submission
from jumphost.recording.quota import DailyQuota
from jumphost.store import families
from jumphost.store.requests import Requests
from jumphost.store.sqlite import Store
from jumphost.target.base import Exit, Mint, Order, Output, Process, Use
from jumphost.testing import commands
from jumphost.testing.commands import Ran
from jumphost.testing.gateway import HOST, Door, Fixed
from jumphost.testing.leases import Accounts, MemoryProvider, ScriptedDelivery
from jumphost.testing.process import LocalRunner
from jumphost.testing.signing import NearSigner

T = TypeVar("T")
Fault = Callable[[], Awaitable[Any]]
"""What a port does instead of its work: raises, hangs or returns something."""

DB = Postgres(host="/nowhere", database="bank", admin="none", template="reader")
ONE_DBA = (Term(("dba",), 1, 3600),)


def raises(error: Exception) -> Fault:
    """The port raises."""

    async def fault() -> Any:
        raise error

    return fault


def returns(value: Any) -> Fault:
    """The port returns whatever that is."""

    async def fault() -> Any:
        return value

    return fault


async def hangs() -> Any:
    """The port never answers."""
    await asyncio.Event().wait()


def verdict(effect: Effect = "allow", terms: Iterable[Term] = (), **obligations: Any) -> Verdict:
    """What one rule ``test.rule`` says."""
    owed = Obligations(approval=tuple(terms), **obligations)
    return Verdict(effect, (Rule("test.rule", effect, "says the test"),), owed)


class ScriptedEngine:
    """An Engine that builds the real document and says what it is told; by default it allows everything."""

    revision = "0" * 64
    detectors = b""  # of a bundle

    def __init__(self) -> None:
        self.says: Callable[[Submission], Verdict] = lambda _: verdict()
        self.fault: Fault | None = None
        self.asked: list[Submission] = []

    async def judge(self, submission: Submission) -> Judgement:
        self.asked.append(submission)
        if self.fault is not None:
            answer: Judgement = await self.fault()
            return answer
        return self.judgement(submission)

    def judgement(self, submission: Submission) -> Judgement:
        """What it says of a submission when nothing is wrong."""
        built, said = document.build(submission), self.says(submission)
        rule = leading_rule(said)
        return Judgement(
            verdict=said,
            code=rule.id if rule else "",
            message=rule.message if rule else "",
            document=built.body,
            request_digest=built.request_digest,
            input_digest=built.input_digest,
            revision=self.revision,
            engine="scripted",
            detectors=self.detectors,
        )

    async def close(self) -> None: ...


class ScriptedCredentials:
    """LoginCredentials that make a bare key; ``issued`` are the purposes that were asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.fault: Fault | None = None
        self.issued: list[str] = []
        self.used: list[str] = []  # the logins that commands were to run on

    async def issue(
        self,
        *,
        purpose: str,
        target: Target,
        login: str,
        decision: Decision,
        approvals: tuple[Approval, ...],
        address: str,
    ) -> tuple[asyncssh.SSHKeyPair, Lease]:
        if self.fault is not None:
            answer: tuple[asyncssh.SSHKeyPair, Lease] = await self.fault()
            return answer
        self.issued.append(purpose)
        pair = asyncssh.load_keypairs([asyncssh.generate_private_key("ssh-ed25519")])[0]
        expires = self._clock.now_ns() + 60 * NS_PER_S
        return pair, Lease(new_id(self._clock), "scripted", target.principal(login), expires)

    async def use(self, *, decision: Decision, approvals: tuple[Approval, ...], login: str) -> None:
        self.used.append(login)


class WatchedRunner(LocalRunner):
    """Runs in a local shell, mints as the runner of SSH targets does, and sees what the journal knows at each start."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.start_fault: Fault | None = None
        self.wait_fault: Fault | None = None
        self.stop_fault: Fault | None = None
        self.started: list[Order] = []
        self.prepared: list[tuple[str, str, str]] = []  # connection, target, login
        self.left: list[str] = []  # connections
        self.stopped: list[str] = []  # ids of requests
        self.closed: list[str] = []
        self.known: dict[str, list[str]] = {}  # id of a request → kinds of its events when it was started

    async def start(self, order: Order, output: Output, mint: Mint, use: Use | None = None) -> Any:
        rows = await self._store.read(
            lambda journal: journal.execute(
                "SELECT kind FROM event WHERE session = ? ORDER BY rowid", (order.request,)
            ).fetchall()
        )
        self.known[order.request] = [kind for (kind,) in rows]
        if self.start_fault is not None:
            return await self.start_fault()
        await mint("run", HOST)
        self.started.append(order)
        return _Watched(self, order.request, await super().start(order, output, mint), mint)

    def prepare(self, connection: str, target: Target, login: str) -> None:
        self.prepared.append((connection, target.name, login))

    def leave(self, connection: str) -> None:
        self.left.append(connection)

    async def stop(self, order: Order, mint: Mint) -> bool:
        self.stopped.append(order.request)
        if self.stop_fault is not None:
            answer: bool = await self.stop_fault()
            return answer
        await mint("stop", HOST)
        return await super().stop(order, mint)


class _Watched:
    """A Process that is seen to be stopped and closed."""

    def __init__(self, runner: WatchedRunner, request: str, process: Process, mint: Mint) -> None:
        self._runner, self._request, self._process, self._mint = runner, request, process, mint
        for name in ("write", "write_eof", "pause_output", "resume_output", "send_signal"):
            setattr(self, name, getattr(process, name))

    async def wait(self) -> Exit:
        if self._runner.wait_fault is not None:
            answer: Exit = await self._runner.wait_fault()
            return answer
        return await self._process.wait()

    async def stop(self) -> bool:
        self._runner.stopped.append(self._request)
        if self._runner.stop_fault is not None:
            answer: bool = await self._runner.stop_fault()
            return answer
        await self._mint("stop", HOST)
        return await self._process.stop()

    async def close(self) -> None:
        self._runner.closed.append(self._request)
        await self._process.close()


class FragileStore(Store):
    """A Store whose writing thread does as ``faults`` say when an event of that kind is to be written."""

    faults: dict[Kind, Callable[[], None]]

    async def write(self, work: Any = None, *events: Event) -> Any:
        for event in events:
            if fault := self.faults.get(event.kind):
                return await super().write(lambda _: fault(), *events)
        return await super().write(work, *events)


class FragileRequests(Requests):
    """Requests whose writing thread does as ``fault`` says."""

    fault: Callable[[], None] | None = None

    async def put(self, identifier: str, document: bytes) -> None:
        if (fault := self.fault) is not None:
            await self._database.write(lambda _: fault())
        else:
            await super().put(identifier, document)


@dataclass
class House(Door):
    """The running gateway; its identities, approvers and targets are those of ``init --example``."""

    site: Site
    parts: Parts
    gateway: Gateway
    engine: ScriptedEngine
    credentials: ScriptedCredentials
    runner: WatchedRunner
    provider: MemoryProvider  # of the credential ``db``
    delivery: ScriptedDelivery
    store: FragileStore
    requests: FragileRequests
    released: threading.Event = field(default_factory=threading.Event)  # ends what blocks a writing thread
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    grace_s: float = 0.0

    async def caller(self, identity: str = "deploy-bot", target: str = "batch-host", **options: Any) -> Any:
        """A stock asyncssh client, logged in; ``options`` are its own."""
        return await self.connect(identity, username=target, **options)

    async def run(self, command: str, **options: Any) -> Any:
        """One command on a connection of its own, to its end."""
        async with await self.caller() as caller:
            return await caller.run(command, encoding="utf-8", **options)

    async def verb(self, name: str, **args: Any) -> Any:
        """A verb of the control socket."""
        return await Administration(self.parts, self.gateway).verbs()[name](args)

    async def command(self, *words: object) -> Ran:
        """The command line, in a thread, on this site and with its control socket."""
        verbs = Administration(self.parts, self.gateway).verbs()
        async with await control.serve(self.site.control_socket, verbs):
            return await asyncio.to_thread(commands.run, *words, "--site", self.site.root)

    async def events(self, *kinds: str) -> list[dict[str, Any]]:
        """The journal's events, of these kinds if any are named, oldest first."""
        rows = await self.store.read(
            lambda journal: journal.execute("SELECT body FROM event ORDER BY rowid").fetchall()
        )
        return [event for (body,) in rows if (event := json.loads(body))["kind"] in kinds or not kinds]

    async def until(self, found: Callable[[], Any]) -> Any:
        """What ``found`` (plain or async) returns once it is true; TimeoutError after 20 s."""
        async with asyncio.timeout(20):
            while True:
                value = found()
                if isinstance(value, Awaitable):
                    value = await value
                if value:
                    return value
                await asyncio.sleep(0.005)

    async def event(self, kind: str, **data: Any) -> dict[str, Any]:
        """The first event of a kind with these data, once there is one."""

        async def look() -> dict[str, Any] | None:
            events = await self.events(kind)
            return next((event for event in events if data.items() <= event.items()), None)

        found: dict[str, Any] = await self.until(look)
        return found

    async def hold(self) -> Hold:
        """The one hold that is pending, once there is one."""
        holds = self.parts.holds
        found: Hold = await self.until(lambda: next((one for one in holds.live() if one.state == "pending"), None))
        return found

    async def answer(self, hold: Hold, approver: str = "alice", word: VerdictWord = "approve") -> Hold:
        """An approver of the example answers."""
        given = signed(
            hold=hold.id,
            request_digest=hold.request_digest,
            verdict=word,
            approver=approver,
            reason="",
            at=rfc3339(self.clock.now_ns()),
            not_after=rfc3339(hold.expires_ns),
            key=self.site.root / "example" / approver,
        )
        return await self.parts.holds.answer(given)

    def blocks(self) -> None:
        """A fault of a writing thread: it hangs until the test lets go."""
        self.released.wait()


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    *,
    clock: Clock | None = None,
    change: Callable[[Settings], Settings] = lambda settings: settings,
    open_masker: Callable[..., Masker] = open_masker,
) -> AsyncIterator[House]:
    """Serves a new site in ``folder`` until the block ends, or the one that an earlier block left there."""
    clock = clock or SystemClock()
    site = Site(folder / "site")
    if not site.root.exists():
        create_site(site.root, listen=f"{HOST}:0", example=True)
    settings = change(replace(load_site(site).settings, credentials={"db": DB}))
    store = FragileStore.open(site.journal_db, log=settings.name)
    requests = FragileRequests.open(site.requests_db, key_file=site.keys / "requests_key")
    assert isinstance(store, FragileStore)
    assert isinstance(requests, FragileRequests)
    store.faults = {}
    locked = [identity for identity, _, _ in await store.read(families.locks)]
    standing = Standing(site, [], locked)
    known = await store.read(families.everything)
    holds = Holds(store, clock, lambda: standing.config.approvers, per_identity=settings.limits.holds_per_identity)
    await holds.load()
    engine, credentials, runner = ScriptedEngine(), ScriptedCredentials(clock), WatchedRunner(store)
    provider, delivery = MemoryProvider(Accounts()), ScriptedDelivery()
    leases = Leases(store, clock, {"db": provider})
    await leases.load()
    parts = Parts(
        clock=clock,
        settings=settings,
        admission=Admission(clock, (site.recordings, site.state), min_free=settings.recording.min_free, latest_ns=0),
        standing=standing,
        engine=engine,
        generations=Generations(store, clock, standing, NearSigner(site, clock), known),
        enrolments=Enrolments(store, clock),
        holds=holds,
        credentials=credentials,
        runners={"ssh": runner},
        leases=leases,
        deliveries={("ssh", "proxy"): delivery},
        store=store,
        requests=requests,
        recordings=site.recordings,
        quota=DailyQuota(clock, settings.limits.recording_bytes_per_day),
        open_masker=open_masker,
    )
    caller_ca = asyncssh.read_private_key(site.signer / "caller_ca")
    here = House(
        port=0,
        ca=caller_ca,
        clock=clock,
        site=site,
        parts=parts,
        gateway=Gateway(parts),
        engine=engine,
        credentials=credentials,
        runner=runner,
        provider=provider,
        delivery=delivery,
        store=store,
        requests=requests,
    )
    try:
        async with asyncio.TaskGroup() as group:
            ready = asyncio.Event()
            group.create_task(_serve(here, ready))
            await ready.wait()
            try:
                yield here
            finally:
                here.released.set()
                here.ending.set()
    finally:
        await store.close()
        await requests.close()


async def _serve(here: House, ready: asyncio.Event) -> None:
    host_key = asyncssh.read_private_key(here.site.keys / "host_key")

    async def started() -> None:
        listener = await transport.listen(HOST, 0, here.gateway, Fixed(host_key), here.parts.settings, here.clock)
        here.port = listener.sockets[0].getsockname()[1]
        ready.set()
        async with here.parts.leases.reaping():
            await here.ending.wait()
            listener.close()
            await here.gateway.drain(here.grace_s)

    await here.gateway.run(started)


def owing(engine: ScriptedEngine, effect: Effect = "allow", terms: Iterable[Term] = (), **obligations: Any) -> None:
    """Has the engine say one thing of everything."""
    engine.says = lambda _: verdict(effect, terms, **obligations)


def holding(engine: ScriptedEngine, terms: Iterable[Term] = ONE_DBA) -> None:
    """Has the engine hold everything."""
    owing(engine, "hold", terms)


def about_another(engine: ScriptedEngine) -> Fault:
    """The engine answers, and in good form, but for another command than it was asked about."""

    async def fault() -> Judgement:
        asked = engine.asked[-1]
        return engine.judgement(replace(asked, raw=b"id"))

    return fault
