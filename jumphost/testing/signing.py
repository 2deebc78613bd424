"""A site with its signer in this process, and what can be asked of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jumphost.clock import NS_PER_S, Clock
from jumphost.config.create import create_site
from jumphost.config.load import SiteConfig, load_plain, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused
from jumphost.model.approval import Approval
from jumphost.model.decision import Decision
from jumphost.model.request import Request
from jumphost.signer.log import Log
from jumphost.signer.protocol import Answer, Failed, Issued, Question, SignTarget
from jumphost.signer.server import Signer
from jumphost.testing import decided
from jumphost.testing.clock import ManualClock


@dataclass(slots=True)
class SigningBench:
    """The example site, its signer, and a clock that both go by."""

    site: Site
    clock: ManualClock = field(default_factory=ManualClock)
    signer: Signer = field(init=False)
    records: Log = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    @classmethod
    def create(cls, folder: Path) -> "SigningBench":
        """A new one in an empty folder."""
        return cls(create_site(folder / "site", example=True))

    def start(self) -> None:
        """Starts the signer, as after a restart."""
        self.records = Log.open(self.site.signer / "log.jsonl", now_s=self.clock.now_ns() // NS_PER_S)
        self.signer = Signer(self.site, self.clock, self.records)

    def stop(self) -> None:
        """Lets go of its log."""
        self.records.close()

    @property
    def config(self) -> SiteConfig:
        """The files as they are."""
        return load_site(self.site)

    def rewrite(self, path: Path, change: Callable[[dict[str, Any]], None]) -> None:
        """Changes the entries of a file; its comments are lost."""
        entries = load_plain(path) or {}
        change(entries)
        path.write_text(yaml.safe_dump(entries))

    def ask(self, question: Question) -> Answer:
        """The signer's answer, through the bytes of a frame."""
        return self.signer.answer(msgspec.json.encode(question), peer=0)

    def request(self, **changes: Any) -> Request:
        """See ``testing.decided.request``."""
        return decided.request(self.config, self.clock, **changes)

    def approval(self, asked: Request, approver: str, **changes: Any) -> Approval:
        """Signed with the example key of ``approver``, or of ``signer``."""
        key = changes.pop("signer", approver)
        return decided.approval(asked, self.clock, approver, self.site.root / "example" / key, **changes)

    def sign_target(self, decision: Decision, *approvals: Approval, **changes: Any) -> SignTarget:
        """The question for a login of a decided request; a key of its own each time."""
        asked = {"purpose": "run", "address": "10.0.0.7", "public_key": new_public_line(), **changes}
        return SignTarget(decision=decision, approvals=approvals, **asked)


class NearSigner:
    """A signer of a site in this process, for those who ask through a ``SignerClient`` elsewhere."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self._site, self._clock = site, clock

    async def ask(self, question: Question) -> Issued:
        """What ``SignerClient.ask`` does."""
        records = Log.open(self._site.signer / "log.jsonl", now_s=self._clock.now_ns() // NS_PER_S)
        try:
            found = Signer(self._site, self._clock, records).answer(msgspec.json.encode(question), peer=0)
        finally:
            records.close()
        return issued(found)


def issued(found: Answer) -> Issued:
    """What is issued, or the refusal raised."""
    if isinstance(found, Issued):
        return found
    assert isinstance(found, Failed)
    raise Refused(Code(found.code), found.message, detail=found.detail)


def new_public_line() -> str:
    """The public half of an ed25519 key that nobody has."""
    return public_line(Ed25519PrivateKey.generate())


def public_line(key: Ed25519PrivateKey) -> str:
    """The public half of a key."""
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
