"""A request as a caller would make it, made up from the site's entries: judged, never run."""

from msgspec import Struct

from jumphost.clock import NS_PER_S, Clock, new_id, parse_rfc3339, rfc3339
from jumphost.config.load import SiteConfig
from jumphost.errors import Code, Refused
from jumphost.gateway.standing import reach
from jumphost.model.identity import ANYTHING, Certificate, Identity
from jumphost.model.request import Source, TargetView
from jumphost.policy.base import Submission

_LIFE_S = 600  # seconds that the made-up certificate lives, around the time asked about
_SOURCE = Source(address="127.0.0.1", port=0, client="jumphost explain")


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """Who would run what where. ``now`` is RFC 3339, "" the present; ``stdin`` is judged if it is not None."""

    identity: str
    target: str
    command: str
    login: str = ""
    stdin: str | None = None
    now: str = ""
    purpose: str = ""  # what JUMPHOST_PURPOSE would say


def submission(ask: Ask, config: SiteConfig, clock: Clock, *, stdin: bytes | None = None) -> Submission:
    """What the gateway would hand to the engine; Refused with the code that the gateway itself would refuse with.

    ``stdin`` stands for the question's own where it is no text.
    """
    now_ns = _time(ask.now) if ask.now else clock.now_ns()
    entry = config.identities.get(ask.identity)
    if entry is None:
        raise Refused(Code.IDENTITY_UNKNOWN, f"got the identity {ask.identity!r}, expected one of identities.yaml")
    if not entry.enabled:
        raise Refused(Code.IDENTITY_DISABLED, f"the identity {ask.identity} is disabled")
    scopes = (entry.scope,) if entry.scope is not None else ()
    target, login = reach(config.targets, scopes, "exec", ask.target, ask.login)
    raw = _bytes("command", ask.command)
    if len(raw) > config.settings.limits.command_bytes:
        limit = config.settings.limits.command_bytes
        raise Refused(Code.REQUEST_INVALID, f"got {len(raw)} bytes of command, expected at most {limit}")
    if stdin is None and ask.stdin is not None:
        stdin = _bytes("stdin", ask.stdin)
    return Submission(
        id=new_id(clock),
        connection=new_id(clock),
        now_ns=now_ns,
        identity=Identity(
            name=ask.identity,
            owner=entry.owner,
            issuer=entry.callers,
            groups=entry.groups,
            subject=entry.match.get("key_id", ask.identity),
            scope=ANYTHING if entry.scope is None else entry.scope,
            certificate=Certificate(
                serial="0",
                key_id=entry.match.get("key_id", ask.identity),
                principals=(ask.identity,),
                valid_after=rfc3339(now_ns - _LIFE_S * NS_PER_S),
                valid_before=rfc3339(now_ns + _LIFE_S * NS_PER_S),
            ),
        ),
        source=_SOURCE,
        target=TargetView(name=target.name, kind=target.kind, login=login, labels=target.labels),
        operation="exec",
        raw=raw,
        purpose=ask.purpose,
        dialect=target.shell,
        stdin_mode="closed" if stdin is None else "judge",
        stdin=stdin,
        mask=config.settings.mask.owed,
    )


def _time(text: str) -> int:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise Refused(Code.REQUEST_INVALID, f"now: {error}") from None


def _bytes(what: str, text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Refused(Code.REQUEST_INVALID, f"got a lone surrogate in the {what}, expected valid Unicode") from None
