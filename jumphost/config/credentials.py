"""``credentials:`` of ``jumphost.yaml``: where credentials for single commands come from, by name.

Each kind has a struct of its own, told by its tag; ``registry`` maps it to what implements it.
"""

from collections.abc import Iterator, Mapping, Set
from typing import Annotated, Literal

from msgspec import Meta, field

from jumphost.config.section import Duration, Positive, Section, loopback

Delivery = Literal["proxy", "file", "env"]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Host = Annotated[str, Meta(pattern=r"\A(/[^\0,]+|[A-Za-z0-9_:][A-Za-z0-9._:-]*)\Z")]

BUILT: Mapping[str, frozenset[Delivery]] = {"ssh": frozenset({"proxy", "file"}), "process": frozenset({"proxy"})}
"""The deliveries that there are, by kind of target."""


class Source(Section, frozen=True, tag_field="kind"):
    """What every kind has. ``max_ttl`` is the ceiling of what a rule may ask for."""

    delivery: tuple[Delivery, ...] = ("proxy",)
    max_ttl: Duration = 3600
    deadline: Duration = 5  # for one step at the server; later is a failure


class Postgres(Source, frozen=True, tag="postgres", kw_only=True):
    """A role of its own for each command, member of ``template``, which has the grants.

    ``host`` is a name, an address, or the folder of a unix socket. ``admin`` is a file (0600) with one line
    ``ROLE:PASSWORD``: a role that may create roles. ``ca`` is a file of PEM certificates, which the server's must be
    signed by; only a server on this machine may do without.
    """

    host: Host
    database: Annotated[str, Meta(pattern=r"\A[^\0]{1,63}\Z")]
    admin: str
    template: Annotated[str, Meta(pattern=r"\A[^\0]{1,63}\Z")]
    port: Port = 5432
    ca: str = ""
    connections: Positive = 4  # that one lease may have open at once


class Redis(Source, frozen=True, tag="redis", kw_only=True):
    """A user of its own for each command, with the rules of the user ``template``.

    ``host`` is a name, an address, or the path of a unix socket. ``admin`` is a file (0600) with one line
    ``USER:PASSWORD``: a user that may use ACL. ``ca`` is as for PostgreSQL.
    """

    host: Host
    admin: str
    template: Annotated[str, Meta(pattern=r"\A[^\0\s]{1,63}\Z")]
    port: Port = 6379
    ca: str = ""


class MariaDb(Source, frozen=True, tag="mariadb", kw_only=True):
    """A user of its own for each command, with the role ``template``, which has the grants.

    ``host`` is a name, an address, or the path of a unix socket. ``admin`` is a file (0600) with one line
    ``USER:PASSWORD``: a user that may create users. ``ca`` is as for PostgreSQL.
    """

    host: Host
    admin: str
    template: Annotated[str, Meta(pattern=r"\A[^\0\s]{1,63}\Z")]
    delivery: tuple[Delivery, ...] = ("file",)
    port: Port = 3306
    ca: str = ""
    connections: Positive = 4  # that one lease may have open at once


class RabbitMq(Source, frozen=True, tag="rabbitmq", kw_only=True):
    """A user of its own for each command, with the permissions that the user ``template`` has in ``vhost``.

    ``host`` is a name or an address. ``admin`` is a file (0600) with one line ``USER:PASSWORD``: an administrator.
    ``port`` is for the command, ``api_port`` for the gateway; ``ca`` is as for PostgreSQL, of both.
    """

    host: Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_:][A-Za-z0-9._:-]*\Z")]
    admin: str
    template: Annotated[str, Meta(pattern=r"\A[^\0]{1,63}\Z")]
    vhost: Annotated[str, Meta(pattern=r"\A[^\0]{1,63}\Z")] = "/"
    port: Port = 5672
    api_port: Port = 15_672
    ca: str = ""
    connections: Positive = 4  # that one lease may have open at once
    delivery: tuple[Delivery, ...] = ("file",)


class Stored(Source, frozen=True, tag="stored", kw_only=True):
    """A secret in a file that age encrypted (``secret``), for an identity in a file (0600) of the gateway's.

    `jumphost credential put` writes both.
    """

    secret: Annotated[str, Meta(min_length=1)]
    identity: str = "keys/stored_identity"
    delivery: tuple[Delivery, ...] = ("file",)


class Jwt(Source, frozen=True, tag="jwt", kw_only=True):
    """A signed token for each command, of ``issuer`` for ``audience``; ``claims`` are in every one.

    ``key`` is a file (0600) with a private key on P-256, which `jumphost credential key` makes.
    """

    key: Annotated[str, Meta(min_length=1)]
    issuer: Annotated[str, Meta(min_length=1)]
    audience: tuple[Annotated[str, Meta(min_length=1)], ...]
    claims: dict[str, str] = field(default_factory=dict)
    delivery: tuple[Delivery, ...] = ("file",)


Server = MariaDb | Postgres | RabbitMq | Redis
Plain = Jwt | Stored  # one secret text
Credential = Server | Plain

_OURS = frozenset({"aud", "exp", "iat", "iss", "jti", "nbf", "sub"})


def server(value: Credential) -> str:
    """Where it comes from, for people."""
    if isinstance(value, Stored):
        return value.secret
    if isinstance(value, Jwt):
        return value.issuer
    where = f"{value.host}:{value.port}"
    return f"{where}/{value.database}" if isinstance(value, Postgres) else where


def local(host: str) -> bool:
    """Whether what goes to a host stays on this machine."""
    return host.startswith("/") or loopback(host)


def built(source: Source, kind: str) -> Set[Delivery]:
    """The deliveries of a credential that there are for a kind of target.

    Clients of Redis read no environment, so that its socket has one name, which only a sandbox has to itself. The
    protocols of MariaDB and RabbitMQ are not spoken by the gateway.
    """
    there: Set[Delivery] = BUILT.get(kind, frozenset())
    if isinstance(source, Postgres):
        return there
    if isinstance(source, Redis):
        return there & {"proxy"} if kind == "process" else frozenset()
    return there & {"file"}


def _proven(value: Server) -> Iterator[str]:
    """The server is one that nobody else can be: by its certificate, or by being here."""
    if not value.ca and not local(value.host):
        yield f"got no ca for {value.host}, expected a file of PEM certificates: its own is verified"


def check(value: Credential) -> Iterator[str]:
    """How the parts of one entry agree."""
    if not value.delivery:
        yield "got no delivery, expected at least one of proxy, file, env"
    if isinstance(value, Jwt) and not value.audience:
        yield "got no audience, expected at least one: a token for everybody is for anybody"
    if isinstance(value, Jwt) and (taken := sorted(_OURS & value.claims.keys())):
        yield f"got the claims {', '.join(taken)}, expected others: these say what is true of each token"
    if isinstance(value, Server):
        yield from _proven(value)


def unfit(credentials: Mapping[str, Credential], name: str, delivery: str, kind: str) -> str:
    """Why a command on a target of a kind cannot be given the credential so; "" if it can."""
    if name not in credentials:
        return f"the policy asks for a credential that this gateway does not have: {name}"
    if delivery not in credentials[name].delivery:
        return f"the policy asks for the credential {name} by {delivery}, which its entry does not name"
    if delivery not in built(credentials[name], kind):
        return f"the policy asks for a credential by {delivery}, which targets of kind {kind} cannot take"
    return ""
