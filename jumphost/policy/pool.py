"""The embedded engine: Rego in worker processes that are killed when they are late.

One worker judges one request at a time. What a worker was doing when it was killed, or when its caller was cancelled,
is lost with it: a new one takes its place, and none is ever read again after half a reply.
"""

import asyncio
import os
from collections import deque
from contextlib import suppress
from importlib.metadata import version

import msgspec

from jumphost import child
from jumphost.errors import Code, Problem, Problems, Unavailable
from jumphost.model.decision import Judgement
from jumphost.model.identity import Identity
from jumphost.model.request import Source, TargetView
from jumphost.policy.base import Submission
from jumphost.policy.protocol import CALL_BYTES, REPLY_BYTES, Bundle, Call, Load, Module, Ready, Reply, encode, fault
from jumphost.policy.quarantine import TWICE, Quarantine, key_of
from jumphost.policy.reading import check_smoke, read_reply

START_S = 20.0  # the longest a worker may take to read a bundle; 100,000 entries of data took 3.3 s
MEMORY = 1 << 30  # bytes of a worker's address space; 100,000 entries of data (11.5 MB of JSON) take 127 MB
WAITING = 1024  # requests that may wait for a worker; each holds at most a megabyte of input
SPARE = 1  # workers beyond those that judge: one is always warm when another was killed

_ENVIRONMENT = {"MIMALLOC_ARENA_RESERVE": "65536"}  # KiB: the allocator's 1 GiB would use up the worker's address space
_BUSY = "the policy engine has no worker free"
_GONE = "the policy engine stopped while it judged"


class Worker:
    """One worker process, and how far it got."""

    def __init__(self, module: str, memory: int) -> None:
        """Starts it; it reads its bundle while we go on. OSError if the machine does not let us."""
        self.process = child.Child(module, fds=(memory,), frame_bytes=REPLY_BYTES, environment=_ENVIRONMENT)
        self._ready: Ready | None = None

    async def ready(self) -> Ready:
        """What it says of its bundle; OSError, EOFError, ValueError or TimeoutError if it says nothing."""
        if self._ready is None:
            async with asyncio.timeout(START_S):
                self._ready = msgspec.msgpack.decode(await self.process.receive(), type=Ready)
        return self._ready

    async def usable(self) -> None:
        """Returns once it can judge; EOFError if it did not read its bundle, whole and in time."""
        try:
            problems = (await self.ready()).problems
        except TimeoutError:
            raise EOFError(f"worker {self.process.pid} was not ready within {START_S} s") from None
        if problems:
            raise EOFError(f"worker {self.process.pid} could not read its bundle: {problems[0]}")

    async def ask(self, number: int, message: bytes) -> Reply:
        """Its reply; OSError, EOFError or ValueError if that is not one to this call."""
        await self.process.send(message)
        reply = msgspec.msgpack.decode(await self.process.receive(), type=Reply)
        if reply.number != number:
            raise ValueError(f"got the reply to call {reply.number}, expected {number}")
        return reply


class Pool:
    """Judges under one bundle, whole; another bundle is another pool. Made by :meth:`start`."""

    module = "jumphost.policy.worker"

    def __init__(self, bundle: Bundle, *, workers: int, deadline_ms: int, memory: int = MEMORY) -> None:
        self._revision, self._detectors = bundle.revision, bundle.detectors
        self._engine = f"embedded: regorus {version('gordon-to-regorus')}"
        self._deadline = deadline_ms / 1000
        load = Load(
            modules=bundle.modules, data=bundle.data, cpu_s=int(START_S), memory=memory, profiles=bundle.profiles
        )
        self._memory = child.sealed(encode(load), "jumphost-policy")
        self._size = workers + SPARE
        self._free = asyncio.Semaphore(workers)
        self._waiting = 0
        self._number = 0
        self._idle: deque[Worker] = deque()
        self._all: set[Worker] = set()
        self._retired: set[Worker] = set()
        self._closed = False
        self._quarantine = Quarantine()

    @classmethod
    async def start(cls, bundle: Bundle, *, workers: int = 2, deadline_ms: int = 250, memory: int = MEMORY) -> "Pool":
        """A pool that has judged once. ``deadline_ms`` is for one judgement, ``memory`` (bytes) for one worker.

        The first judgement has the time of a start: a cold machine is no reason not to serve.

        Raises Problems if the bundle cannot be read or is not portable, Unavailable (policy.unavailable) if no worker
        starts or if the bundle has no valid answer to a plain request.
        """
        pool = cls(bundle, workers=workers, deadline_ms=deadline_ms, memory=memory)
        try:
            pool._refill()
            if problems := await pool._findings(bundle) or await pool._problems():
                raise Problems(problems, code=Code.POLICY_INVALID)
            await pool._smoke()
        except BaseException:
            await pool.close()
            raise
        return pool

    @property
    def revision(self) -> str:
        """Digest of the bundle in force."""
        return self._revision

    @property
    def pids(self) -> frozenset[int]:
        """Process ids of its workers."""
        return frozenset(worker.process.pid for worker in self._all)

    async def judge(self, submission: Submission) -> Judgement:
        """The judgement of a submission; see :class:`jumphost.policy.base.Engine`."""
        return self._read(await self._ask(Call(0, submission), deadline=self._deadline))

    async def judge_document(self, document: bytes) -> Judgement:
        """The judgement of a whole request document (JSON), which is held to the rules that ours keep."""
        return self._read(await self._ask(Call(0, None, document), deadline=self._deadline))

    async def build(self, submission: Submission | None, document: bytes = b"") -> Reply:
        """The document of a submission, or of a whole document, and its digests: for another engine to judge."""
        return await self._ask(Call(0, submission, document, judge=False), deadline=self._deadline)

    async def close(self) -> None:
        """Ends all workers and waits for their end; who is still judging gets a denial."""
        self._closed = True
        self._idle.clear()
        for worker in tuple(self._all):
            self._retire(worker)
        for worker in self._retired:
            await worker.process.wait()
        if self._memory >= 0:
            os.close(self._memory)
            self._memory = -1

    async def _smoke(self) -> None:
        check_smoke(self._read(await self._ask(Call(0, SMOKE), deadline=START_S)))

    def _read(self, reply: Reply) -> Judgement:
        return read_reply(reply, revision=self._revision, engine=self._engine, detectors=self._detectors)

    async def _ask(self, call: Call, *, deadline: float) -> Reply:
        """The reply of a worker; what stands against one is a reply too."""
        self._number += 1
        number = self._number
        try:
            message = encode(msgspec.structs.replace(call, number=number))
        except (UnicodeEncodeError, OverflowError, TypeError, ValueError) as error:
            return fault(Code.REQUEST_INVALID, "the request cannot be judged: it has no exact text", str(error))
        if len(message) > CALL_BYTES:
            text = f"the request cannot be judged: got {len(message)} bytes, expected at most {CALL_BYTES}"
            return fault(Code.REQUEST_INVALID, text)
        key = key_of(call)
        if self._quarantine.holds(key):
            text = f"this request ended {TWICE} workers of the policy engine: it is not judged again under this bundle"
            return fault(Code.POLICY_UNAVAILABLE, text)
        if self._closed or self._waiting >= WAITING:
            return fault(Code.POLICY_UNAVAILABLE, _BUSY)
        self._waiting += 1
        try:
            async with asyncio.timeout(START_S):
                await self._free.acquire()
        except TimeoutError:
            return fault(Code.POLICY_UNAVAILABLE, _BUSY)
        finally:
            self._waiting -= 1
        try:
            return await self._with_worker(number, message, deadline, key)
        finally:
            self._free.release()

    async def _with_worker(self, number: int, message: bytes, deadline: float, key: bytes) -> Reply:
        if self._closed:  # while this call waited
            return fault(Code.POLICY_UNAVAILABLE, _GONE)
        worker, keep = None, False
        try:
            worker = self._take()
            await worker.usable()
            reply = await self._asked(worker, number, message, deadline, key)
            keep = not reply.last
            return reply
        except TimeoutError:
            text = f"the policy engine did not answer within {round(deadline * 1000)} ms"
            return fault(Code.POLICY_TIMEOUT, text)
        except (OSError, EOFError, ValueError) as error:  # msgspec's errors are ValueErrors
            return fault(Code.POLICY_UNAVAILABLE, _GONE, f"{type(error).__name__}: {error}")
        finally:
            self._put_back(worker, keep=keep)

    async def _asked(self, worker: Worker, number: int, message: bytes, deadline: float, key: bytes) -> Reply:
        """The reply of a worker that is ready: what goes wrong from here on is the doing of this input."""
        try:
            async with asyncio.timeout(deadline):
                reply = await worker.ask(number, message)
        except (TimeoutError, OSError, EOFError, ValueError):
            self._quarantine.ended(key)
            raise
        if reply.last:
            self._quarantine.ended(key)
        return reply

    async def _findings(self, bundle: Bundle) -> tuple[Problem, ...]:
        """What is found in the text of the bundle: what passes it means the same to OPA."""
        return await inspect(bundle.modules, whole=True)

    async def _problems(self) -> tuple[Problem, ...]:
        """What a worker finds wrong with the bundle."""
        return await _said(self._idle[0])

    def _take(self) -> Worker:
        """A worker that lives; one that ended while it was idle is replaced. OSError if none can be started."""
        while self._idle:
            worker = self._idle.popleft()
            if worker.process.alive:
                return worker
            self._retire(worker)
        return self._start_worker()

    def _put_back(self, worker: Worker | None, *, keep: bool) -> None:
        if worker is not None and keep and not self._closed:
            self._idle.appendleft(worker)  # warm ones first: the one at the end is still reading its bundle
        elif worker is not None:
            self._retire(worker)
        if not self._closed:
            with suppress(OSError):  # tried again when a worker is needed
                self._refill()

    def _retire(self, worker: Worker) -> None:
        """Ends a worker; who ended before is forgotten once the kernel has."""
        worker.process.kill()
        self._all.discard(worker)
        self._retired = {one for one in self._retired if not one.process.ended} | {worker}

    def _refill(self) -> None:
        while len(self._all) < self._size:
            self._idle.append(self._start_worker())

    def _start_worker(self) -> Worker:
        worker = Worker(self.module, self._memory)
        self._all.add(worker)
        return worker


async def inspect(modules: tuple[Module, ...], *, whole: bool) -> tuple[Problem, ...]:
    """What is found in modules by reading them; ``whole`` if they are all that there is, so that names must be known.

    Raises Unavailable (policy.unavailable) if they cannot be read within the limits of a worker.
    """
    load = Load(modules, b"{}", cpu_s=int(START_S), memory=MEMORY, review="whole" if whole else "part")
    memory = child.sealed(encode(load), "jumphost-policy")
    try:
        worker = Worker(Pool.module, memory)
    except OSError as error:
        raise Unavailable(Code.POLICY_UNAVAILABLE, f"no policy worker starts: {error}") from error
    finally:
        os.close(memory)
    try:
        return await _said(worker)
    finally:
        worker.process.kill()
        await worker.process.wait()


async def _said(worker: Worker) -> tuple[Problem, ...]:
    try:
        return (await worker.ready()).problems
    except (TimeoutError, OSError, EOFError, ValueError) as error:
        text = f"no policy worker starts: {type(error).__name__} {error}".rstrip()
        raise Unavailable(Code.POLICY_UNAVAILABLE, text) from error


SMOKE = Submission(
    id="00000000-0000-7000-8000-000000000000",
    connection="00000000-0000-7000-8000-000000000000",
    now_ns=0,
    identity=Identity(name="jumphost-smoke-test", owner="jumphost", issuer="jumphost"),
    source=Source(address="127.0.0.1", port=0),
    target=TargetView(name="jumphost-smoke-test", kind="ssh", login="jumphost"),
    operation="exec",
    raw=b"true",
)
