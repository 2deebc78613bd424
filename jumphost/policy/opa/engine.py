"""The OPA engine: our workers make the document, an OPA server judges it; whatever is odd is a denial."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from msgspec.structs import replace

from jumphost.clock import Clock, SystemClock
from jumphost.errors import Code, Problems, Unavailable
from jumphost.model.decision import Judgement
from jumphost.policy.base import Submission
from jumphost.policy.opa.breaker import Breaker
from jumphost.policy.opa.client import Answer, Client
from jumphost.policy.opa.layout import BUNDLES, Folder, findings, write
from jumphost.policy.opa.place import Place
from jumphost.policy.opa.server import MEMORY, Server, arguments
from jumphost.policy.pool import SMOKE, START_S, Pool
from jumphost.policy.protocol import Bundle, Reply, fault
from jumphost.policy.reading import check_smoke, read_reply

SILENT = 5  # late answers in a row after which the server is asked whether it is well
_POLL_S = 0.01  # between looks at a server that starts: it takes 50 ms


class Opa:
    """Judges by a server, managed or remote; made by :meth:`managed` and :meth:`remote`.

    A server's answers count once it has proved that it is strict: when it was started, and when it names another
    bundle than before. A judgement has the revision that the server says it decided under; a managed server must name
    that of the bundle it was given.
    """

    def __init__(
        self,
        place: Place,
        *,
        workers: int,
        deadline_ms: int,
        server: Server | None = None,
        revision: str = "",
        clock: Clock | None = None,
        profiles: bytes = b"",
        detectors: bytes = b"",
    ) -> None:
        self._builder = Pool(Bundle(modules=(), profiles=profiles), workers=workers, deadline_ms=deadline_ms)
        self.place = place
        self._client = Client(place)
        self._server = server
        self._expected = self._revision = revision
        self._detectors = detectors
        self._version = ""
        self._deadline = deadline_ms / 1000
        self._breaker = Breaker(clock or SystemClock())
        self._silent = 0  # late answers since the last one that came
        self._up = 0  # the start of the server that was last seen well
        self._proved: tuple[int, str] | None = None  # the start and the revision for which strictness is proved
        self._proving = asyncio.Lock()
        self._ends: list[Callable[[], Awaitable[None]]] = [self._client.close_connection, self._builder.close]

    @classmethod
    async def managed(
        cls,
        bundle: Bundle,
        command: str,
        parent: Path,
        *,
        workers: int = 2,
        deadline_ms: int = 250,
        memory: int = MEMORY,
    ) -> "Opa":
        """An engine with an ``opa`` of its own, whose files lie in a folder in ``parent``, and that has judged once.

        Raises Problems if OPA cannot read the bundle, Unavailable (policy.unavailable) if it does not start, is not
        strict, or has no valid answer to a plain request.
        """
        try:
            folder = Folder(parent)
        except OSError as error:
            message = f"no folder for the policy engine can be made in {parent}: {error.strerror}"
            raise Unavailable(Code.POLICY_UNAVAILABLE, message) from error
        try:
            names = write(bundle, folder.path)
            socket = folder.path / "s"
            words = arguments(command, socket, [folder.path / name for name in BUNDLES])
            server = Server(words, memory=memory)
        except BaseException:
            folder.remove()
            raise
        place = Place(socket=str(socket))
        engine = cls(
            place,
            workers=workers,
            deadline_ms=deadline_ms,
            server=server,
            revision=bundle.revision,
            profiles=bundle.profiles,
            detectors=bundle.detectors,
        )
        engine._ends += [server.close, folder.removed]
        try:
            return await engine._begun()
        except Unavailable:
            if problems := findings(server.said, names):
                raise Problems(problems, code=Code.POLICY_INVALID) from None
            raise

    @classmethod
    async def remote(
        cls,
        place: Place,
        *,
        workers: int = 2,
        deadline_ms: int = 250,
        clock: Clock | None = None,
        profiles: bytes = b"",
        detectors: bytes = b"",
    ) -> "Opa":
        """An engine by a server that others run, and that has judged once; ``profiles`` and ``detectors`` are ours.

        Raises Unavailable (policy.unavailable) if it cannot be asked, is too old or not strict, does not say which
        bundle decided, or has no valid answer to a plain request.
        """
        engine = cls(
            place, workers=workers, deadline_ms=deadline_ms, clock=clock, profiles=profiles, detectors=detectors
        )
        return await engine._begun()

    @property
    def revision(self) -> str:
        """Digest of the bundle in force; of a remote server, what it last named."""
        return self._revision

    @property
    def pid(self) -> int:
        """Process id of a managed server; 0 of a remote one."""
        return self._server.pid if self._server else 0

    @property
    def name(self) -> str:
        """The engine as judgements name it."""
        return f"opa {self._version}, {'managed' if self._server else 'remote'}"

    async def judge(self, submission: Submission) -> Judgement:
        """The judgement of a submission; see :class:`jumphost.policy.base.Engine`."""
        return await self._judge(submission, b"", self._deadline)

    async def judge_document(self, document: bytes) -> Judgement:
        """The judgement of a whole request document (JSON), which is held to the rules that ours keep."""
        return await self._judge(None, document, self._deadline)

    async def close(self) -> None:
        """Ends all that was started for it."""
        for end in self._ends:
            await end()

    async def _begun(self) -> "Opa":
        try:
            await self._client.open()
            check_smoke(await self._judge(SMOKE, b"", START_S))
        except BaseException:
            await self.close()
            raise
        return self

    async def _judge(self, submission: Submission | None, document: bytes, deadline: float) -> Judgement:
        reply, revision = await self._builder.build(submission, document), self._revision
        if reply.code is None:
            async with self._client.room:
                said = await self._ask(reply.document, deadline)
            if isinstance(said, Answer):
                reply, revision = replace(reply, answer=said.result), said.revision
            else:
                reply = replace(reply, code=said.code, message=said.message, detail=said.detail)
        return read_reply(reply, revision=revision, engine=self.name, detectors=self._detectors)

    async def _ask(self, document: bytes, deadline: float) -> Answer | Reply:
        if not self._breaker.admits():
            return fault(Code.POLICY_UNAVAILABLE, "the policy engine failed again and again: it is left alone a moment")
        try:
            async with asyncio.timeout(deadline):
                await self._usable()
                answer = await self._client.decide(document)
                await self._believe(answer)
        except TimeoutError:
            self._silent += 1
            return fault(Code.POLICY_TIMEOUT, f"the policy engine did not answer within {round(deadline * 1000)} ms")
        except Unavailable as error:
            if error.code is Code.POLICY_UNAVAILABLE:
                self._breaker.failed()
            else:
                self._answered()
            return fault(error.code, error.message, error.detail)
        self._answered()
        if not answer.result:
            return fault(Code.POLICY_INVALID, "the policy gave no decision", "data.jumphost.main.decision is undefined")
        return answer

    def _answered(self) -> None:
        self._breaker.succeeded()
        self._silent = 0

    async def _usable(self) -> None:
        """Returns once the server may be asked; Unavailable if it does not run, or does not answer at all."""
        if self._server is not None:
            await self._rise(self._server)
        if self._silent >= SILENT:
            if not await self._client.well(within_s=self._deadline / 2):
                if self._server is not None:
                    self._server.kill()
                raise Unavailable(Code.POLICY_UNAVAILABLE, "the policy engine does not answer at all")
            self._silent = 0

    async def _rise(self, server: Server) -> None:
        """Waits for a server that was started, perhaps again."""
        server.check()
        while self._up != server.starts:
            starts = server.starts
            if await self._client.well(within_s=self._deadline):
                self._up = starts
            else:
                await asyncio.sleep(_POLL_S)
                server.check()

    async def _believe(self, answer: Answer) -> None:
        """Unavailable if the answer comes from a server that does not prove itself, or from another bundle."""
        if self._expected and answer.revision != self._expected:
            message = "the policy engine decided by another bundle than the one in force"
            detail = f"got revision {answer.revision}, expected {self._expected}"
            raise Unavailable(Code.POLICY_UNAVAILABLE, message, detail=detail)
        proof = (self._server.starts if self._server else 0, answer.revision)
        if proof == self._proved:
            return
        async with self._proving:
            if proof != self._proved:
                await self._client.prove()
                if self._server:
                    await self._client.prove_guarded()
                self._proved = proof
                self._revision, self._version = answer.revision, answer.version
