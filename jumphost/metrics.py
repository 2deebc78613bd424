"""The figures of this process, as ``/metrics`` shows them. No label names an identity, a target or a command."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from jumphost.errors import Code

_QUICK = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)  # seconds: up to the deadlines
_PATIENT = (1, 10, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 604_800)  # seconds: people answer
_BATCHES = (1, 2, 5, 10, 25, 50, 100, 250)  # up to store.writer.BATCH

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of when it began

SESSIONS_ACTIVE = Gauge("jumphost_sessions_active", "Sessions that are open, held ones too")
SESSIONS = Counter("jumphost_sessions_total", "Sessions that ended, by how", ["outcome"])
COMMANDS = Counter("jumphost_commands_total", "Judgements by effect; a held command is judged again", ["effect"])
ALERTS = Counter("jumphost_alerts_total", "Decisions that a rule wants people to know of at once")
DECISION_SECONDS = Histogram("jumphost_decision_seconds", "What a judgement took", buckets=_QUICK)
HOLD_SECONDS = Histogram("jumphost_hold_seconds", "How long callers waited at holds", buckets=_PATIENT)
HOLDS_PENDING = Gauge("jumphost_holds_pending", "Holds that nobody answered yet")
JOURNAL_COMMIT_SECONDS = Histogram("jumphost_journal_commit_seconds", "What a commit took", buckets=_QUICK)
JOURNAL_BATCH_SIZE = Histogram("jumphost_journal_batch_size", "Writes that shared a commit", buckets=_BATCHES)
RECORDING_BYTES = Counter("jumphost_recording_bytes_total", "Bytes of recordings")
RECORDING_ERRORS = Counter("jumphost_recording_errors_total", "Sessions that ended since they could not be recorded")
AUTH_REFUSED = Counter("jumphost_auth_refused_total", "Logins that were refused, by code", ["code"])
EXCHANGES = Counter("jumphost_exchanges_total", "Tokens brought for a certificate, by code; without: sold", ["code"])
EXCHANGE_SECONDS = Histogram("jumphost_exchange_seconds", "What a certificate for a token took", buckets=_QUICK)
REQUESTS_REFUSED = Counter("jumphost_requests_refused_total", "Requests that no policy was asked about", ["code"])
MASKING_ENGINE = Gauge("jumphost_masking_engine", "1 for the engine that finds where values may begin", ["engine"])
MASK_ECHOES = Counter("jumphost_mask_echoes_total", "Commands whose output held a credential that was injected")
DISK_FREE_BYTES = Gauge("jumphost_disk_free_bytes", "Free on the scarcer disk of recordings and state")


@contextmanager
def commit(writes: int) -> Iterator[None]:
    """Around one commit of the journal, which so many writes share."""
    JOURNAL_BATCH_SIZE.observe(writes)
    with JOURNAL_COMMIT_SECONDS.time():
        yield


def ended(outcome: str, code: str) -> None:
    """A session ended, with the word and the code that its caller was told, or by itself."""
    SESSIONS.labels(outcome).inc()
    if code == Code.RECORDING_FAILED:
        RECORDING_ERRORS.inc()
