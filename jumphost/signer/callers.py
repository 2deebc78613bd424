"""What certificate a caller gets: the rules, pure. Identities and the ceiling are those of the signer's own files."""

import json
import re
from collections.abc import Sequence
from ipaddress import ip_network

from msgspec import Struct

from jumphost.clock import NS_PER_S
from jumphost.config.load import SiteConfig
from jumphost.model.identity import SCOPE, IdentityEntry
from jumphost.signer.draft import SKEW_S, Draft, key_of, refuse
from jumphost.signer.protocol import IssueCaller

DEFAULT_TTL_S = 600  # or the ceiling, where that is lower
_SCOPE = re.compile(SCOPE)


class Ceiling(Struct, frozen=True):
    """Our caller CA as the settings know it: its name under ``callers:``, the longest life, how long renewals go on.

    ``blobs`` are public keys in wire form: its own, and that of the CA before it while that is still trusted.
    """

    name: str
    max_ttl_s: int
    renew_for_s: int | None = None
    blobs: frozenset[bytes] = frozenset()


def certificate(asked: IssueCaller, config: SiteConfig, ceiling: Ceiling, now_ns: int) -> Draft:
    """The certificate of an identity, or Refused."""
    entry = registered(asked.identity, config, ceiling)
    ttl_s = min(DEFAULT_TTL_S, ceiling.max_ttl_s) if asked.ttl_s is None else asked.ttl_s
    if ttl_s > ceiling.max_ttl_s:
        refuse(f"got a life of {ttl_s} s, expected at most {ceiling.max_ttl_s} s (callers.{ceiling.name}.max_ttl)")
    critical = {}
    if asked.source_address:
        critical["source-address"] = ",".join(_network(text) for text in asked.source_address)
    if asked.force_command:
        if "\0" in asked.force_command:
            refuse("got a forced command that holds a NUL")
        critical["force-command"] = asked.force_command
    extensions = {"groups@jumphost": to_json(entry.groups)}
    if asked.scope is not None:
        check_scope(asked.scope)
        extensions["scope@jumphost"] = to_json(asked.scope)
    now = now_ns // NS_PER_S
    return Draft(
        ca="caller",
        kind="caller",
        key=key_of(asked.public_key),
        key_id=key_id(asked.identity, entry),
        principal=asked.identity,
        valid_after=now - SKEW_S,
        valid_before=now + ttl_s,
        critical=critical,
        extensions=extensions,
    )


def registered(identity: str, config: SiteConfig, ceiling: Ceiling) -> IdentityEntry:
    """The entry of an identity that our CA may name, or Refused."""
    entry = config.identities.get(identity)
    if entry is None or not entry.enabled:
        refuse(f"got identity {identity[:128]!r}, expected one that is registered and enabled")
    if entry.callers != ceiling.name:
        refuse(f"got identity {identity}, which the CA {entry.callers!r} names; ours is {ceiling.name!r}")
    return entry


def key_id(identity: str, entry: IdentityEntry) -> str:
    """What a certificate says to name the entry."""
    return entry.match.get("key_id", identity)


def check_scope(scope: Sequence[str]) -> None:
    """Refused unless each entry is one of a scope."""
    if wrong := [entry for entry in scope if not _SCOPE.match(entry)]:
        refuse(f"got the scopes {wrong}, expected OPERATION:TARGET[:LOGIN], such as exec:payments-db")


def to_json(value: object) -> bytes:
    """What an extension of ours holds."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as error:
        refuse(f"got the source address {text!r}, expected CIDR such as 10.0.0.0/8: {error}")
