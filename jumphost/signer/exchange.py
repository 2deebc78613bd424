"""What certificate a token buys: the rules, pure. Issuers, identities and ceilings are those of the signer's own files.

That the token was real, only the gateway knows. Whom its claims name, and what they are good for, is found here again.
"""

import json
from functools import reduce

from jumphost.clock import NS_PER_S
from jumphost.config.issuers import granted
from jumphost.config.load import SiteConfig
from jumphost.errors import Refused
from jumphost.signer.callers import DEFAULT_TTL_S, Ceiling, check_scope, key_id, registered, to_json
from jumphost.signer.draft import SKEW_S, Draft, key_of, refuse
from jumphost.signer.protocol import ExchangeCaller
from jumphost.signer.scope import cut

MAX_CLAIMS = 8192  # bytes of them in a certificate


def certificate(asked: ExchangeCaller, config: SiteConfig, ceiling: Ceiling, now_ns: int) -> Draft:
    """The certificate that verified claims of a declared issuer buy, or Refused."""
    issuer = config.settings.issuers.get(asked.issuer)
    if issuer is None:
        refuse(f"got claims of the issuer {asked.issuer!r}, expected one of issuers:")
    try:
        grant = granted(issuer, asked.claims)
    except Refused as error:
        refuse(error.message, detail=error.detail)
    if grant.identity != asked.identity:
        refuse(f"got claims of {grant.identity} for a certificate of {asked.identity[:128]!r}")
    highest = min(issuer.max_ttl, ceiling.max_ttl_s)
    ttl_s = min(DEFAULT_TTL_S, highest) if asked.ttl_s is None else asked.ttl_s
    if ttl_s > highest:
        refuse(f"got a life of {ttl_s} s, expected at most {highest} s (issuers.{asked.issuer}.max_ttl, callers)")
    entry = registered(asked.identity, config, ceiling)
    claims = to_json(grant.claims)
    if len(claims) > MAX_CLAIMS:
        refuse(f"got {len(claims)} bytes of claims, expected at most {MAX_CLAIMS}: declare fewer of them")
    extensions = {
        "groups@jumphost": to_json(tuple(dict.fromkeys((*entry.groups, *grant.groups)))),
        "claims@jumphost": claims,
        "issuer@jumphost": to_json({"name": asked.issuer, "subject": asked.subject, "actor": grant.actor}),
    }
    scope = _scope(asked.scope, entry.scope, grant.scope)
    if scope is not None:
        extensions["scope@jumphost"] = to_json(scope)
    now = now_ns // NS_PER_S
    return Draft(
        ca="caller",
        kind="exchange",
        key=key_of(asked.public_key),
        key_id=key_id(asked.identity, entry),
        principal=asked.identity,
        valid_after=now - SKEW_S,
        valid_before=now + ttl_s,
        critical={},
        extensions=extensions,
    )


def _scope(asked: tuple[str, ...] | None, *bounds: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """What was asked, cut to what registry and issuer allow; without a question, all that they allow."""
    if asked is not None:
        check_scope(asked)
    scopes = [scope for scope in (asked, *bounds) if scope is not None]
    if not scopes:
        return None
    if not (left := reduce(cut, scopes)):
        refuse(f"got the scope {json.dumps(asked)}, of which nothing is allowed to this identity")
    return left
