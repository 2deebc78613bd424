"""What was signed already: one run certificate a decision and a hold, few logins after it. Pure.

A run without a forced command opens a login for one connection of one caller; a decision may be run on it instead of
having a certificate, once as well.
"""

import heapq
from contextlib import suppress

from jumphost.errors import Code, Refused
from jumphost.model.target import LOGIN_LIFE_S
from jumphost.signer.log import Record

MAX_AFTER = 16  # stop and signal certificates of one decision
HOLD_LIFE_S = 30 * 86_400  # the longest that the terms of a hold may last (model.approval.Term)


class _Run:
    """A decision that has run, or whose credential lies on the target: ``begun`` is whether it has run."""

    __slots__ = ("after", "begun", "input_digest")

    def __init__(self, input_digest: str, *, begun: bool) -> None:
        self.input_digest, self.begun = input_digest, begun
        self.after = 0


class Ledger:
    """The decisions that may still be followed up, and the holds that were used."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._holds: set[str] = set()
        self._logins: dict[str, tuple[str, ...]] = {}  # by the request that opened it: whom it serves
        self._ends: list[tuple[int, str]] = []  # when one of them can be forgotten, earliest first

    def claim(self, record: Record) -> None:
        """Counts a certificate before it is signed; Refused (signer.refused) if there may be no more of its kind."""
        self._forget(record.at)
        if record.kind == "run":
            self._claim_run(record)
            if record.connection:
                self._open(record)
        elif record.kind == "use":
            if self._logins.get(record.login) != _served(record):
                raise Refused(
                    Code.SIGNER_REFUSED, f"{record.login[:64]} opened no login for this connection, caller and target"
                )
            self._claim_run(record)
        elif record.kind == "process":
            self._claim_run(record)
        elif record.kind == "deliver":
            self._claim_delivery(record)
        elif record.kind in ("stop", "signal"):
            self._claim_after(record)

    def recall(self, record: Record) -> None:
        """Counts what an earlier process signed, by its log."""
        with suppress(Refused):  # of a follow-up to what is too long ago to matter
            self.claim(record)

    def _claim_delivery(self, record: Record) -> None:
        if record.decision in self._runs:
            raise Refused(Code.SIGNER_REFUSED, f"the decision {record.decision} has had its credential or its run")
        self._runs[record.decision] = _Run(record.input_digest, begun=False)
        heapq.heappush(self._ends, (record.until, record.decision))

    def _claim_run(self, record: Record) -> None:
        delivered = self._runs.get(record.decision)
        if delivered is not None and (delivered.begun or delivered.input_digest != record.input_digest):
            raise Refused(Code.SIGNER_REFUSED, f"the decision {record.decision} has had its run certificate")
        if record.hold in self._holds:
            raise Refused(Code.SIGNER_REFUSED, f"the approvals of the hold {record.hold} were used")
        self._runs[record.decision] = _Run(record.input_digest, begun=True)
        heapq.heappush(self._ends, (record.until, record.decision))
        if record.hold:
            self._holds.add(record.hold)
            heapq.heappush(self._ends, (record.at + HOLD_LIFE_S, record.hold))

    def _open(self, record: Record) -> None:
        request = record.key_id.split(":")[1]
        self._logins[request] = _served(record)
        heapq.heappush(self._ends, (record.at + LOGIN_LIFE_S, request))

    def _claim_after(self, record: Record) -> None:
        run = self._runs.get(record.decision)
        if run is None or run.input_digest != record.input_digest:
            raise Refused(Code.SIGNER_REFUSED, f"the decision {record.decision} has no run certificate to follow up")
        if run.after >= MAX_AFTER:
            raise Refused(
                Code.SIGNER_REFUSED, f"the decision {record.decision} has had {MAX_AFTER} logins after its run"
            )
        run.after += 1

    def _forget(self, now_s: int) -> None:
        while self._ends and self._ends[0][0] <= now_s:
            _, name = heapq.heappop(self._ends)
            self._runs.pop(name, None)
            self._holds.discard(name)
            self._logins.pop(name, None)


def _served(record: Record) -> tuple[str, ...]:
    """Whom a login serves: a connection, an identity, and a principal of one target."""
    return record.connection, record.key_id.split(":", 2)[2], record.principal
