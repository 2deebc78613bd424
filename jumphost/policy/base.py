"""The port to a policy engine: a submission goes in, a judgement comes out."""

from typing import Protocol

from msgspec import Struct

from jumphost.model.decision import Judgement
from jumphost.model.identity import Identity
from jumphost.model.mask import Mask
from jumphost.model.request import ApprovalView, Source, StdinMode, TargetView


class Submission(Struct, frozen=True):
    """Everything that a request document is made of, before any of it was looked at."""

    id: str
    connection: str
    now_ns: int
    identity: Identity
    source: Source
    target: TargetView
    operation: str
    raw: bytes = b""  # the exec line or forced command; the gateway checked length, NUL and UTF-8
    correlation: str = ""
    purpose: str = ""
    dialect: str = "sh"
    env: dict[str, str] = {}
    pty: bool = False
    stdin_mode: StdinMode = "closed"
    stdin: bytes | None = None  # judged standard input, read to its end
    approvals: tuple[ApprovalView, ...] = ()
    mask: Mask = Mask()  # the site's own


class Engine(Protocol):
    """Judges; implementations: ``policy.pool`` (embedded), ``policy.opa.engine``."""

    @property
    def revision(self) -> str:
        """Digest of the bundle in force."""

    async def judge(self, submission: Submission) -> Judgement:
        """The judgement, whole under one revision, within the engine's deadline.

        Never raises but for cancellation: every fault is a denial with its own code.
        """

    async def close(self) -> None:
        """Ends the engine's processes."""


class DocumentEngine(Engine, Protocol):
    """Judges documents that others made, too."""

    async def judge_document(self, document: bytes) -> Judgement:
        """As :meth:`judge`, of a whole request document (JSON), which is held to the rules that ours keep."""
