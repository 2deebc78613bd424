"""The masking of one command, from its secrets to its counts; what masks is made by ``maskers``."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import structlog

from jumphost import metrics
from jumphost.errors import Code, JumphostError, Refused
from jumphost.gateway import masked, maskers
from jumphost.gateway.maskers import STDIN
from jumphost.gateway.parts import Parts
from jumphost.gateway.trail import Trail
from jumphost.masking import custom
from jumphost.masking.plan import Masker
from jumphost.model.decision import Decision
from jumphost.model.event import Kind
from jumphost.model.mask import Mask
from jumphost.secret import Secret
from jumphost.target.base import STDERR, STDOUT

Cut = Callable[[JumphostError], None]

log = structlog.get_logger(__name__)


class Masking:
    """``conceal`` comes before ``open``, and that before anything runs; ``count`` when all output went."""

    def __init__(self, parts: Parts, trail: Trail, decision: Decision) -> None:
        self._parts, self._trail, self._decision = parts, trail, decision
        self._secrets: tuple[Secret, ...] = ()
        self._echoes: set[str] = set()  # numbers of the secrets that came back
        self._maskers: dict[int, Masker] = {}

    @property
    def maskers(self) -> Mapping[int, Masker]:
        """By stream; empty where nothing is masked."""
        return self._maskers

    def conceal(self, secrets: Iterable[Secret]) -> None:
        """The output must not show these, in whatever encoding, whatever the decision says of masks."""
        self._secrets += tuple(secrets)

    async def open(self, stdin: bytes | None, cut: Cut) -> bytes | None:
        """Makes the maskers; what is recorded of judged standard input, None where there is none.

        Unavailable (mask.failed) if what is owed cannot be masked. ``cut`` ends the command.
        """
        try:
            self._maskers = maskers.opened(
                self._parts.open_masker,
                self._decision.obligations.mask,
                self._secrets,
                site=custom.decode(self._decision.judgement.detectors),
                key=self._parts.mask_key,
                streams=(STDOUT, STDERR) if stdin is None else (STDIN, STDOUT, STDERR),
                echoed=lambda stream, secret: self._echoed(stream, secret, cut),
            )
            if stdin is None:
                return None
            if not self._maskers:
                return await asyncio.to_thread(self._trail.veil.data, stdin)
            return await asyncio.to_thread(masked.whole, self._maskers[STDIN], stdin)
        except JumphostError:
            self._maskers = {}
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing runs
            raise masked.failed(error) from None

    def count(self) -> None:
        """Notes what was masked, once."""
        if self._maskers:
            owed, index = self._decision.obligations.mask or Mask(), self._parts.settings.mask.index
            site = custom.decode(self._decision.judgement.detectors)
            self._trail.masked(self._decision, maskers.counted(owed, self._maskers, site, index=index))
            self._maskers = {}

    def _echoed(self, stream: str, secret: str, cut: Cut) -> None:
        """A secret is in the output, starred: told once of each, and the policy may want the command to end."""
        number = secret.partition("/")[0]
        if number in self._echoes:
            return
        if not self._echoes:
            metrics.MASK_ECHOES.inc()
            log.warning("mask.echo", decision=self._decision.id)
        self._echoes.add(number)
        self._trail.note(Kind.MASK_ECHO, self._decision.id, stream=stream, secret=secret)
        if self._decision.obligations.limits.on_echo == "cut":
            cut(Refused(Code.MASK_ECHO, "the output holds a credential that was injected"))
