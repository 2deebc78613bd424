"""Who may buy certificates with a token: what is declared of each issuer, and what follows for one that is verified.

Pure, and used twice: the exchange says early what a token is good for, the signer says it again by its own copy.
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from msgspec import Struct

from jumphost.config.section import Duration, Horizon, Section, loopback
from jumphost.errors import Code, Refused

MAX_TEXT = 1024  # characters of one value; a claim is a name, not a document
MAX_VALUES = 256  # of one claim: Microsoft Entra sends at most 200 groups

Kind = Literal["oidc", "spiffe", "saml"]
Declared = Mapping[str, tuple[str, ...]]
"""The values of the claims that an issuer's entry names; what else a token says is nobody's business."""


class Match(Section, frozen=True):
    """A token whose claims have all of these values is the identity, within ``scope`` if there is one."""

    require: dict[str, str]
    identity: str
    scope: tuple[str, ...] | None = None


class GroupsClaim(Section, frozen=True):
    """Each value of ``claim`` that is a key of ``map`` is a group of ours; other values are none."""

    claim: str
    map: dict[str, str]


class ActorClaim(Section, frozen=True):
    """The claim that names the person behind a run."""

    claim: str


class Issuer(Section, frozen=True):
    """One issuer of tokens.

    ``kind`` oidc: ``issuer`` is the ``iss`` of its tokens, ``jwks`` a file or URL with its keys, by default what its
    discovery document names. spiffe: ``issuer`` is ``spiffe://TRUST-DOMAIN``, ``jwks`` its bundle. saml: ``issuer`` is
    the entity id, ``certificate`` the file of its pinned certificate, ``recipient`` the URL that assertions are for.
    ``renew_for`` bounds renewals: how long after the token the last certificate that descends from it may end.
    """

    issuer: str
    audience: str
    match: tuple[Match, ...]  # the first that fits
    kind: Kind = "oidc"
    jwks: str = ""
    ca: str = ""  # file of PEM certificates to trust for its URLs; else those of the system
    certificate: str = ""
    recipient: str = ""
    groups: GroupsClaim | None = None
    actor: ActorClaim | None = None
    claims: tuple[str, ...] = ()  # that go into the certificate, for policies to see, beside those that are required
    max_ttl: Duration = 900
    renew_for: Horizon = (
        86_400  # as long as a token lives at most (identity.base.MAX_LIFE_S): the issuer is asked daily
    )


class Grant(Struct, frozen=True):
    """What a verified token is good for."""

    identity: str
    scope: tuple[str, ...] | None
    groups: tuple[str, ...]
    actor: str
    claims: dict[str, str]


def declared(issuer: Issuer, claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What verified claims say where the entry looks; Refused (token.claims) for a value that is neither text nor flag.

    A name that begins with ``/`` is a JSON Pointer (RFC 6901) into nested claims.
    """
    found = {name: _values(name, _at(claims, name)) for name in _names(issuer)}
    return {name: values for name, values in found.items() if values}


def granted(issuer: Issuer, values: Declared) -> Grant:
    """What they are good for; Refused (token.no_match) if no entry of ``match`` fits."""
    for match in issuer.match:
        if match.require and all(wanted in values.get(name, ()) for name, wanted in match.require.items()):
            break
    else:
        raise Refused(
            Code.TOKEN_NO_MATCH,
            "the token is good, but its claims are no identity's here",
            detail=f"got {dict(values)!r}"[:MAX_TEXT],
        )
    groups = issuer.groups
    mapped = (groups.map[value] for value in values.get(groups.claim, ()) if value in groups.map) if groups else ()
    actor = values.get(issuer.actor.claim, ()) if issuer.actor else ()
    if len(actor) > 1:
        raise Refused(Code.TOKEN_CLAIMS, f"got {len(actor)} actors, expected one person")
    return Grant(
        identity=match.identity,
        scope=match.scope,
        groups=tuple(dict.fromkeys(mapped)),
        actor="".join(actor),
        claims={name: one[0] for name, one in values.items() if len(one) == 1},
    )


def vouching(issuers: Mapping[str, Issuer], name: str, identity: str) -> Issuer | None:
    """The issuer of this name, if there is one and it may still vouch for the identity."""
    issuer = issuers.get(name)
    return issuer if issuer and identity in {match.identity for match in issuer.match} else None


def web_address(url: str) -> str:
    """A URL that may be asked for keys; ValueError says got, expected."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.fragment or parts.scheme not in ("http", "https"):
        raise ValueError(f"got {url!r}, expected an https URL without a name, a password or a fragment")
    if parts.scheme == "http" and not loopback(parts.hostname):
        raise ValueError(f"got {url!r}, expected https, or an address of this machine")
    return url


def is_url(text: str) -> bool:
    """Whether ``jwks`` is a URL; else it is a file."""
    return text.startswith(("http://", "https://"))


def _names(issuer: Issuer) -> dict[str, None]:
    """In the order of the entry, each once."""
    names = [name for match in issuer.match for name in match.require]
    names += [*issuer.claims, *(one.claim for one in (issuer.groups, issuer.actor) if one)]
    return dict.fromkeys(names)


def _at(claims: Mapping[str, Any], name: str) -> Any:
    if not name.startswith("/"):
        return claims.get(name)
    value: Any = claims
    for part in name.split("/")[1:]:
        value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, Mapping) else None
    return value


def _values(name: str, value: Any) -> tuple[str, ...]:
    """Texts of a claim; a flag or an integer is as JSON writes it."""
    if value is None:
        return ()
    items = value if isinstance(value, list | tuple) else [value]
    if len(items) > MAX_VALUES:
        raise Refused(Code.TOKEN_CLAIMS, f"got {len(items)} values of the claim {name}, expected at most {MAX_VALUES}")
    return tuple(_text(name, item) for item in items)


def _text(name: str, item: Any) -> str:
    if isinstance(item, bool):
        return "true" if item else "false"
    text = str(item) if isinstance(item, int) else item
    if not isinstance(text, str) or len(text) > MAX_TEXT or not text.isprintable():
        raise Refused(
            Code.TOKEN_CLAIMS,
            f"got a claim {name} that cannot be looked at, expected printable text of up to {MAX_TEXT} characters",
        )
    return text
