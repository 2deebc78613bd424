"""What was signed already: one run certificate a decision and a hold, few logins after it. Pure."""

import heapq
from contextlib import suppress

from jumphost.errors import Code, Refused
from jumphost.signer.log import Record

MAX_AFTER = 16  # stop and signal certificates of one decision
HOLD_LIFE_S = 30 * 86_400  # the longest that the terms of a hold may last (model.approval.Term)


class _Run:
    """A decision that has its run certificate."""

    __slots__ = ("after", "input_digest")

    def __init__(self, input_digest: str) -> None:
        self.input_digest = input_digest
        self.after = 0


class Ledger:
    """The decisions that may still be followed up, and the holds that were used."""

    def __init__(self) -> None:
        self._runs: dict[str, _Run] = {}
        self._holds: set[str] = set()
        self._ends: list[tuple[int, str]] = []  # when a decision or hold can be forgotten, earliest first

    def claim(self, record: Record) -> None:
        """Counts a certificate before it is signed; Refused (signer.refused) if there may be no more of its kind."""
        self._forget(record.at)
        if record.kind == "run":
            self._claim_run(record)
        elif record.kind in ("stop", "signal"):
            self._claim_after(record)

    def recall(self, record: Record) -> None:
        """Counts what an earlier process signed, by its log."""
        with suppress(Refused):  # of a follow-up to what is too long ago to matter
            self.claim(record)

    def _claim_run(self, record: Record) -> None:
        if record.decision in self._runs:
            raise Refused(Code.SIGNER_REFUSED, f"the decision {record.decision} has had its run certificate")
        if record.hold in self._holds:
            raise Refused(Code.SIGNER_REFUSED, f"the approvals of the hold {record.hold} were used")
        self._runs[record.decision] = _Run(record.input_digest)
        heapq.heappush(self._ends, (record.until, record.decision))
        if record.hold:
            self._holds.add(record.hold)
            heapq.heappush(self._ends, (record.at + HOLD_LIFE_S, record.hold))

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
