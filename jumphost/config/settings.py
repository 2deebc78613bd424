"""The settings of ``jumphost.yaml``, with unit and source of each default."""

import re
from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, field

from jumphost.config.credentials import Credential
from jumphost.config.issuers import Issuer
from jumphost.config.section import Duration, Positive, Section, loopback
from jumphost.model import mask

OFF = "off"
HostName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9.:_-]+\Z")]


class CallerCA(Section, frozen=True):
    """A CA whose certificates may log in; ``max_ttl`` counts valid_before − valid_after, less 60 s of allowance.

    ``renew_for`` bounds renewals: how long after the first certificate the last one of its family may end.
    """

    ca: str  # a .pub file, relative to the site
    max_ttl: Duration = 900
    renew_for: Duration | None = None


class Policy(Section, frozen=True):
    """Which engine judges, and how long it may take.

    With ``opa`` and a ``url`` or a ``socket`` an OPA server that others run judges, by the bundle that it has; else one
    of our own, by ``bundle``. ``token`` and ``ca`` are files: a bearer token, and PEM certificates for ``url``.
    """

    engine: Literal["auto", "opa", "embedded"] = "auto"
    bundle: str = "policies"
    deadline_ms: Positive = 250
    workers: Positive = 2
    url: str = ""
    socket: str = ""
    token: str = ""
    ca: str = ""
    watch: bool = False  # load the bundle when its files change; else on SIGHUP and `jumphost policy load` only


class Limits(Section, frozen=True):
    """Bounds on what a caller may ask for."""

    command_bytes: Annotated[int, Meta(ge=1, le=65_536)] = 8192
    sessions_per_connection: Positive = 64
    sessions_per_identity: Positive = 256  # held ones too: a window and a recording each
    env_names: Positive = 32
    env_bytes: Positive = 8192
    holds_per_identity: Positive = 16
    login: Duration = 20
    login_attempts: Positive = 6  # of one connection: MaxAuthTries of OpenSSH
    unauthenticated: Positive = 100  # connections that have not logged in: MaxStartups of OpenSSH
    connections_per_minute: Positive = 120  # of one address (IPv6: /64) that end without a login: two probes a second
    timeout: Duration = 86_400  # of a command whose decision names none
    output_bytes: Positive = 1 << 34
    recording_bytes_per_day: Positive = 16 << 30  # of one identity, UTC days: 16 recordings of the largest size
    stdin_bytes: Annotated[int, Meta(ge=1, le=1 << 20)] = 1 << 20  # of one standard input that is judged
    stdin_s: Duration = 60  # for a caller to send it to its end
    stdin_bytes_per_identity: Positive = 32 << 20  # in memory, of sessions read or held
    window_bytes: Annotated[int, Meta(ge=32_768, le=16 << 20)] = 1 << 20  # SSH window of each leg: memory a session


class Recording(Section, frozen=True):
    """Where casts go, how large one may grow before the command is cut, and what must stay free on the disks.

    ``min_free`` (bytes, of recordings and of state): below it nothing starts, below half of it the largest recording is
    cut. The default lasts a second and more of the fastest output (100 MB/s), and then still seals everything.
    """

    path: str = "recordings"
    max_bytes: Positive = 1 << 30
    min_free: Annotated[int, Meta(ge=0)] = 256 << 20


class Hold(Section, frozen=True):
    """How a held caller is kept informed."""

    status_interval: Duration = 30
    keepalive: Duration = 15


class Environment(Section, frozen=True):
    """Names of the caller's environment that a policy sees and may grant; LD_*, PATH, BASH_ENV and their like never."""

    accept: tuple[Annotated[str, Meta(pattern=r"\A[A-Za-z_][A-Za-z0-9_]*\Z")], ...] = ()


class Mask(Section, frozen=True):
    """What is masked where a decision says nothing of masks; nothing, where neither detectors nor columns are named.

    With ``index`` the journal has a keyed digest of every value that was found, for ``jumphost audit ever``.
    """

    detectors: dict[str, mask.Strategy] = field(default_factory=dict)
    columns: dict[str, mask.Strategy] = field(default_factory=dict)
    mode: mask.Mode = "enforce"
    opaque: tuple[mask.Opaque, ...] = ()
    index: bool = False

    @property
    def owed(self) -> mask.Mask:
        """It as an obligation."""
        return mask.Mask(self.detectors, self.columns, self.mode, self.opaque)


class Log(Section, frozen=True):
    """The operator's log on stderr; never a command's text or a secret."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Status(Section, frozen=True):
    """Where this machine's own probes and scrapers ask how the gateway is: ``/healthz``, ``/readyz``, ``/metrics``."""

    listen: str = OFF  # a loopback address and port, or OFF


class Exchange(Section, frozen=True):
    """Where tokens buy certificates over HTTPS: ``/v1/nonce``, ``/v1/certificate``; the issuers stand apart.

    ``cert`` and ``key`` are PEM files; without them it listens on loopback only, in plain HTTP.
    """

    listen: str = OFF  # an address and port, or OFF
    cert: str = ""
    key: str = ""
    requests_per_minute: Positive = 120  # of one address (IPv6: /64) that buy nothing: two probes a second


class Settings(Section, frozen=True):
    """All of ``jumphost.yaml``."""

    callers: dict[str, CallerCA]
    name: str = "jumphost"  # of this gateway: the log's origin
    listen: str = "127.0.0.1:2222"
    names: tuple[HostName, ...] = ()  # what callers call it, for its host certificate; else the address of `listen`
    crypto: Literal["default", "fips"] = "default"  # algorithms of both legs: ``wire.SUITES``
    policy: Policy = Policy()
    limits: Limits = Limits()
    recording: Recording = Recording()
    hold: Hold = Hold()
    environment: Environment = Environment()
    mask: Mask = Mask()
    log: Log = Log()
    status: Status = Status()
    exchange: Exchange = Exchange()
    issuers: dict[str, Issuer] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    drain: Duration = 30  # that running commands have when the gateway is told to end


def host_names(settings: Settings) -> tuple[str, ...]:
    """What callers call the gateway: as the settings say, else the address that it listens on, where that is one."""
    if settings.names:
        return settings.names
    host, _ = address(settings.listen)
    try:
        found = ip_address(host)
    except ValueError:
        return (host,)
    if found.is_unspecified:
        return ()
    return (host, "localhost") if found.is_loopback else (host,)


def address(listen: str) -> tuple[str, int]:
    """Host and port of ``127.0.0.1:2222`` or ``[::1]:2222``; port 0 is any free one. ValueError says got, expected."""
    host, colon, port = listen.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    bracketed = host != bare
    if (
        not colon
        or not bare
        or bracketed != (":" in bare)
        or not re.fullmatch(r"[0-9]{1,5}", port)
        or int(port) > 65_535
    ):
        raise ValueError(f"got {listen!r}, expected ADDRESS:PORT such as 127.0.0.1:2222 or [::1]:2222")
    return bare, int(port)


def server_address(url: str) -> tuple[str, int]:
    """Host (an IPv6 address in brackets) and port of ``https://HOST[:PORT]``; ValueError says got, expected.

    Plain HTTP is for addresses of this machine only: whoever is on the way could answer anything.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(f"got {url!r}, expected https://HOST:PORT ({error})") from None
    if parts.scheme not in ("http", "https") or not host or not re.fullmatch(r"https?://[^/?#@\s]+/?", url):
        raise ValueError(f"got {url!r}, expected https://HOST:PORT, without a name, a password or a path")
    if parts.scheme == "http" and not loopback(host):
        raise ValueError(f"got {url!r}, expected https, or an address of this machine such as http://127.0.0.1:8181")
    return (f"[{host}]" if ":" in host else host), port or (443 if parts.scheme == "https" else 80)
