"""The closed list of reason codes, their exit statuses, and the errors that carry them.

JumphostError                    anything that has a code
├── Refused                      a check said no: nothing was started
├── Unavailable                  a part we depend on did not answer (engine, store, signer, target)
└── Problems                     many findings at once (config, policy): each with file, line and what was expected
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Every reason this product gives that is not a rule id; frozen once released, only added to."""

    IDENTITY_NO_CERTIFICATE = "identity.no_certificate"
    IDENTITY_PLAIN_KEY = "identity.plain_key"
    IDENTITY_MALFORMED = "identity.malformed"
    IDENTITY_HOST_CERTIFICATE = "identity.host_certificate"
    IDENTITY_UNKNOWN_CA = "identity.unknown_ca"
    IDENTITY_UNKNOWN_ISSUER = "identity.unknown_issuer"
    IDENTITY_TARGET_CA = "identity.target_ca"
    IDENTITY_BAD_SIGNATURE = "identity.bad_signature"
    IDENTITY_WEAK_SIGNATURE = "identity.weak_signature"
    IDENTITY_WEAK_KEY = "identity.weak_key"
    IDENTITY_EXPIRED = "identity.expired"
    IDENTITY_NOT_YET_VALID = "identity.not_yet_valid"
    IDENTITY_TTL = "identity.ttl"
    IDENTITY_NO_PRINCIPALS = "identity.no_principals"
    IDENTITY_CRITICAL_OPTION = "identity.critical_option"
    IDENTITY_SOURCE_ADDRESS = "identity.source_address"
    IDENTITY_UNKNOWN = "identity.unknown"
    IDENTITY_DISABLED = "identity.disabled"
    IDENTITY_REVOKED = "identity.revoked"
    IDENTITY_LOCKED = "identity.locked"
    IDENTITY_OUT_OF_SCOPE = "identity.out_of_scope"

    TOKEN_ENROLMENT = "token.enrolment"
    TOKEN_MALFORMED = "token.malformed"
    TOKEN_ISSUER = "token.issuer"
    TOKEN_ALGORITHM = "token.algorithm"
    TOKEN_SIGNATURE = "token.signature"
    TOKEN_AUDIENCE = "token.audience"
    TOKEN_EXPIRED = "token.expired"
    TOKEN_NOT_YET_VALID = "token.not_yet_valid"
    TOKEN_CLAIMS = "token.claims"
    TOKEN_REPLAYED = "token.replayed"
    TOKEN_NO_MATCH = "token.no_match"
    TOKEN_UNAVAILABLE = "token.unavailable"
    PROOF_INVALID = "proof.invalid"

    TARGET_UNAVAILABLE = "target.unavailable"
    TARGET_UNREACHABLE = "target.unreachable"
    TARGET_REFUSED = "target.refused"
    TARGET_HOST_KEY = "target.host_key"
    TARGET_PROTOCOL = "target.protocol"

    REQUEST_INVALID = "request.invalid"
    REQUEST_UNSUPPORTED = "request.unsupported"
    COMMAND_UNPARSED = "command.unparsed"

    POLICY_NO_RULE = "policy.no_rule"
    POLICY_INVALID = "policy.invalid"
    POLICY_CONFLICT = "policy.conflict"
    POLICY_TIMEOUT = "policy.timeout"
    POLICY_ERROR = "policy.error"
    POLICY_UNAVAILABLE = "policy.unavailable"
    POLICY_UNSUPPORTED = "policy.unsupported"

    APPROVAL_PENDING = "approval.pending"
    APPROVAL_APPROVED = "approval.approved"
    APPROVAL_DETACHED = "approval.detached"
    APPROVAL_REJECTED = "approval.rejected"
    APPROVAL_EXPIRED = "approval.expired"
    APPROVAL_WITHDRAWN = "approval.withdrawn"
    APPROVAL_TOO_MANY = "approval.too_many"
    APPROVAL_CLOSED = "approval.closed"
    APPROVAL_INVALID = "approval.invalid"
    APPROVAL_NOT_ALLOWED = "approval.not_allowed"

    STDIN_CLOSED = "stdin.closed"
    STDIN_UNJUDGED = "stdin.unjudged"

    LIMIT_TIME = "limit.time"
    LIMIT_OUTPUT = "limit.output"
    LIMIT_RECORDING = "limit.recording"
    LIMIT_SESSIONS = "limit.sessions"
    LIMIT_DISK = "limit.disk"
    LIMIT_UNAUTHENTICATED = "limit.unauthenticated"
    LIMIT_LOGIN = "limit.login"
    LIMIT_CONNECTIONS = "limit.connections"
    LIMIT_STDIN = "limit.stdin"
    LIMIT_REQUESTS = "limit.requests"

    SIGNATURE_INVALID = "signature.invalid"
    SIGNER_REFUSED = "signer.refused"
    SIGNER_UNAVAILABLE = "signer.unavailable"
    CREDENTIAL_BUSY = "credential.busy"
    CREDENTIAL_UNAVAILABLE = "credential.unavailable"
    JOURNAL_UNAVAILABLE = "journal.unavailable"
    RECORDING_FAILED = "recording.failed"
    MASK_FAILED = "mask.failed"
    MASK_OPAQUE = "mask.opaque"
    MASK_DEFEATED = "mask.defeated"
    MASK_ECHO = "mask.echo"
    CLOCK_BEHIND = "clock.behind"
    CALLER_GONE = "caller.gone"
    CALLER_PROTOCOL = "caller.protocol"
    GATEWAY_UNAVAILABLE = "gateway.unavailable"
    SHUTDOWN = "gateway.shutdown"
    INTERNAL = "internal"


class Status:
    """Exit statuses of CONTRACTS §3, which follow BSD ``sysexits.h`` where it has a word for them."""

    OK = 0
    BAD_REQUEST = 65  # EX_DATAERR
    UNAVAILABLE = 69  # EX_UNAVAILABLE
    INTERNAL = 70  # EX_SOFTWARE
    HELD = 75  # EX_TEMPFAIL: send it again
    PROTOCOL = 76  # EX_PROTOCOL
    DENIED = 77  # EX_NOPERM


_STATUS: dict[Code, int] = {
    Code.REQUEST_INVALID: Status.BAD_REQUEST,
    Code.TARGET_UNREACHABLE: Status.UNAVAILABLE,
    Code.TARGET_REFUSED: Status.UNAVAILABLE,
    Code.POLICY_UNAVAILABLE: Status.UNAVAILABLE,
    Code.POLICY_TIMEOUT: Status.UNAVAILABLE,
    Code.POLICY_ERROR: Status.UNAVAILABLE,
    Code.SIGNER_UNAVAILABLE: Status.UNAVAILABLE,
    Code.CREDENTIAL_BUSY: Status.UNAVAILABLE,
    Code.CREDENTIAL_UNAVAILABLE: Status.UNAVAILABLE,
    Code.TOKEN_UNAVAILABLE: Status.UNAVAILABLE,
    Code.JOURNAL_UNAVAILABLE: Status.UNAVAILABLE,
    Code.GATEWAY_UNAVAILABLE: Status.UNAVAILABLE,
    Code.LIMIT_DISK: Status.UNAVAILABLE,  # nothing is wrong with the request: it can be sent again later
    Code.CLOCK_BEHIND: Status.UNAVAILABLE,
    Code.LIMIT_REQUESTS: Status.UNAVAILABLE,  # likewise
    Code.SHUTDOWN: Status.UNAVAILABLE,
    Code.RECORDING_FAILED: Status.INTERNAL,
    Code.MASK_FAILED: Status.INTERNAL,
    Code.INTERNAL: Status.INTERNAL,
    Code.APPROVAL_PENDING: Status.HELD,
    Code.APPROVAL_APPROVED: Status.HELD,
    Code.APPROVAL_DETACHED: Status.HELD,
    Code.TARGET_HOST_KEY: Status.PROTOCOL,
    Code.TARGET_PROTOCOL: Status.PROTOCOL,
    Code.CALLER_PROTOCOL: Status.PROTOCOL,
}


def status_of(code: Code) -> int:
    """The exit status that goes with a code; what is not listed as something else is a denial (77)."""
    return _STATUS.get(code, Status.DENIED)


class JumphostError(Exception):
    """Base of all errors with a reason code; never raised itself.

    ``message`` is one line that may be shown to a caller: it names no secret and nothing the caller may not know.
    ``detail`` goes to the trail only.
    """

    def __init__(self, code: Code, message: str, *, detail: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Refused(JumphostError):
    """A check said no."""


class Unavailable(JumphostError):
    """A part that the gate depends on did not answer; the command does not run."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in a file: ``FILE:LINE: KEY: got …, expected …`` (line 0: the file as a whole)."""

    file: str
    line: int
    key: str
    message: str
    code: str = ""
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.key, self.message) if part)


class Problems(JumphostError):
    """All findings of one check, in the order of the files."""

    def __init__(self, problems: Sequence[Problem], *, code: Code = Code.REQUEST_INVALID) -> None:
        super().__init__(code, "\n".join(map(str, problems)))
        self.problems = tuple(problems)
