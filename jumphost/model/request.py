"""The request document, schema 1: what Rego judges (``input``). Total: every key present, "" or [] rather than absent.

Append-only: fields are only added, with defaults; anything else is schema 2. Built in one place, ``policy.document``.
"""

import hashlib
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final, Literal

import msgspec
import rfc8785
from msgspec import Struct

from jumphost.model.identity import Identity
from jumphost.model.mask import Mask

SCHEMA = 1
MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_INTEGER = 2**53

Tier = Literal["literal", "structured", "unparsed"]
StdinMode = Literal["closed", "judge", "stream"]


class Doc(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every part of the document."""


class Now(Doc, frozen=True):
    """UTC from the injected clock. ``ns`` is the one integer beyond 2^53: Rego counts time in it."""

    ns: int
    rfc3339: str
    weekday: str  # Monday … Sunday, as time.weekday says
    hour: int
    minute: int


class Source(Doc, frozen=True):
    """Where the connection comes from; IPv4-mapped addresses are IPv4 here, without zone ids."""

    address: str
    port: int
    client: str = ""  # the SSH version string


class TargetView(Doc, frozen=True):
    """The target and login asked for."""

    name: str
    kind: str
    login: str
    labels: dict[str, str] = {}


class Word(Doc, frozen=True):
    """One word of an argv: exact, or known only in part (``dynamic``: ``src`` is its text, ``why`` the reasons)."""

    v: str
    k: Literal["literal", "dynamic"] = "literal"
    src: str = ""
    why: tuple[str, ...] = ()


class Assignment(Doc, frozen=True):
    """An environment prefix ``NAME=value``."""

    name: str
    value: Word


class Redirect(Doc, frozen=True):
    """One redirection; ``path`` is "" for a descriptor, ``to`` -1 for a path."""

    fd: int
    op: str
    mode: Literal["truncate", "append", "read", "readwrite", "dup", "heredoc", "herestring"]
    path: str = ""
    to: int = -1
    k: Literal["literal", "dynamic"] = "literal"
    kind: Literal["null", "file", "device", "net", "proc", "fd"] = "file"
    text: str = ""  # of a here-document or a here-string that is literal


class Profile(Doc, frozen=True):
    """What the argv profile of the program found; ``matched`` only if every word was known to it."""

    name: str = ""
    matched: bool = False
    effects: tuple[str, ...] = ()
    flags: dict[str, tuple[str, ...]] = {}  # a bare flag has [""]
    operands: tuple[str, ...] = ()
    unknown_flags: tuple[str, ...] = ()
    verb: tuple[str, ...] = ()
    verified: bool = False  # checked against the real program
    stdin: Literal["", "data", "code", "sql"] = ""  # what it reads there, called like this
    hosts: tuple[str, ...] = ()  # that it would talk to


class Invocation(Doc, frozen=True):
    """One program that would run, wherever it stands in the text."""

    id: int
    program: str
    argv: tuple[Word, ...]
    parent: int = -1
    via: str = "top"  # top, pipe, and, or, list, wrapper:NAME, …
    pipeline: int = 0
    stage: int = 0
    when: Literal["always", "and", "or", "loop", "branch"] = "always"
    path: str = ""  # as written, where it holds a slash
    kind: Literal["literal", "dynamic"] = "literal"
    builtin: bool = False
    wrapper: bool = False
    run_as: str = ""
    host: str = ""
    env: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()
    stdin: Literal["closed", "inherit", "pipe", "file", "heredoc"] = "inherit"
    profile: Profile = Profile()


class Table(Doc, frozen=True):
    """One table that a statement touches."""

    db: str
    schema: str
    name: str
    access: Literal["read", "write"]


class Statement(Doc, frozen=True):
    """One SQL statement."""

    kind: str
    read_only: bool
    tables: tuple[Table, ...] = ()
    columns: tuple[str, ...] = ()
    star: bool = False
    functions: tuple[str, ...] = ()
    unknown_functions: tuple[str, ...] = ()
    has_where: bool = False
    has_limit: bool = False
    locks: bool = False


class Sql(Doc, frozen=True):
    """SQL text found in the command or on stdin."""

    cmd: int
    dialect: str
    source: str
    text: str
    parse_ok: bool
    opaque: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()


class Http(Doc, frozen=True):
    """One URL that the command would ask for."""

    cmd: int
    method: str
    url: str
    scheme: str
    host: str
    port: int
    path: str
    body: str = "none"
    output: str = "stdout"
    proxy: str = ""
    url_k: Literal["literal", "dynamic"] = "literal"


class Cloud(Doc, frozen=True):
    """One call of an orchestrator or a cloud: kubectl, helm, docker, aws, …; "" where the text does not say."""

    cmd: int
    tool: str
    verb: tuple[str, ...]
    namespace: str = ""
    context: str = ""  # the cluster or engine
    account: str = ""
    region: str = ""
    resources: tuple[str, ...] = ()


class Files(Doc, frozen=True):
    """Paths that the command reads, writes or deletes, as far as they are known."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    unknown: bool = False


class InlineCode(Doc, frozen=True):
    """Code handed to an interpreter on its command line."""

    lang: str
    text: str


class Facts(Doc, frozen=True):
    """What was found in the text as a whole; never a verdict."""

    writes: bool = False
    deletes: bool = False
    privilege: tuple[str, ...] = ()
    network: bool = False
    lateral: tuple[str, ...] = ()
    inline_code: tuple[InlineCode, ...] = ()
    env_danger: tuple[str, ...] = ()
    unknown_programs: tuple[str, ...] = ()
    secret_paths: tuple[str, ...] = ()
    secret_argv: tuple[str, ...] = ()  # the detectors that found a secret in the text, never what they found
    non_ascii: bool = False


class Shape(Doc, frozen=True):
    """The form of the command line."""

    commands: int = 0
    pipelines: int = 0
    operators: tuple[str, ...] = ()
    background: bool = False
    functions: int = 0
    loops: int = 0
    depth: int = 0


class Command(Doc, frozen=True):
    """The facts of one exec line, forced command or judged stdin."""

    raw: str = ""
    sha256: str = ""  # of the raw bytes
    bytes: int = 0
    dialect: str = "sh"
    tier: Tier = "unparsed"
    opaque: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()
    canonical: str = ""
    shape: Shape = Shape()
    commands: tuple[Invocation, ...] = ()
    sql: tuple[Sql, ...] = ()
    http: tuple[Http, ...] = ()
    cloud: tuple[Cloud, ...] = ()
    files: Files = Files()
    facts: Facts = Facts()


class FileOperation(Doc, frozen=True):
    """The paths of a file operation (sftp)."""

    path: str = ""
    real_path: str = ""
    to_path: str = ""
    flags: tuple[str, ...] = ()


class Forward(Doc, frozen=True):
    """Where a forwarded connection would go."""

    host: str = ""
    port: int = 0


class Stdin(Doc, frozen=True):
    """What is known of the standard input; ``sha256`` is "" unless it was read to its end and judged."""

    mode: StdinMode = "closed"
    kind: Literal["", "data", "code", "sql"] = msgspec.field(name="as", default="")
    bytes: int = 0
    sha256: str = ""
    command: Command = Command()


class ApprovalView(Doc, frozen=True):
    """One approval that was given, as Rego sees it when the request is judged again."""

    approver: str
    groups: tuple[str, ...]
    at: str
    reason: str = ""
    method: str = "sshsig"


class Request(Doc, frozen=True):
    """The whole document."""

    schema: int
    id: str  # UUIDv7
    connection: str
    correlation: str
    purpose: str
    now: Now
    identity: Identity
    source: Source
    target: TargetView
    operation: str
    command: Command
    file: FileOperation
    forward: Forward
    stdin: Stdin
    env: dict[str, str]
    pty: bool
    approvals: tuple[ApprovalView, ...]
    mask: Mask = Mask()  # of the site: in force where no rule speaks of masks


_encode: Final = msgspec.json.Encoder(order="deterministic").encode


def encode(request: Request) -> bytes:
    """The exact bytes that are judged, stored and hashed: compact UTF-8 JSON, fields in our order, maps by key."""
    return _encode(request)


def decode(document: bytes) -> Request:
    """Strict inverse of :func:`encode`; msgspec.ValidationError or DecodeError on anything else."""
    return msgspec.json.decode(document, type=Request)


def input_digest(document: bytes) -> str:
    """SHA-256 of the whole document, lower-case hex."""
    return hashlib.sha256(document).hexdigest()


def subject_text(request: Request) -> str:
    """What would be done, as text: the canonical command (literal tier), else the raw one, else the arguments."""
    if request.command.tier == "literal":
        return request.command.canonical
    if request.command.raw:
        return request.command.raw
    return rfc8785.dumps(
        {"file": msgspec.to_builtins(request.file), "forward": msgspec.to_builtins(request.forward)}
    ).decode()


def request_digest(request: Request) -> str:
    """SHA-256 over RFC 8785 JSON of what was asked, by whom and where: no serial, time, port or policy revision."""
    subject: dict[str, Any] = {
        "v": 1,
        "identity": {"name": request.identity.name, "issuer": request.identity.issuer},
        "target": request.target.name,
        "login": request.target.login,
        "operation": request.operation,
        "command": subject_text(request),
        "stdin": request.stdin.sha256 or None,
        "env": request.env,
    }
    # msgspec writes texts as RFC 8785 has them, in a tenth of the time, but has an order of its own beyond ASCII
    plain = "".join(request.env).isascii()
    return hashlib.sha256(_encode(subject) if plain else rfc8785.dumps(subject)).hexdigest()


def plain_address(text: str) -> IPv4Address | IPv6Address:
    """An address in the one form that documents and certificates have: no zone id, IPv4-mapped as IPv4; ValueError."""
    address = ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address
