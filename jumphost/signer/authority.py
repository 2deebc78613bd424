"""What may be signed for a target: the rules, pure. A question and the signer's own files give a draft, or a refusal.

What a question says of itself is believed only where a wrong word could open nothing:
1. identities, approvers and targets come from the signer's own reading of the site, never from a question;
2. digests are made here, from the document's own bytes; forced commands too;
3. an approval counts by its signature, made with a key that ``approvers.yaml`` gives to that person.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from jumphost.clock import NS_PER_S, id_time_ns, parse_rfc3339
from jumphost.command import forced, leased, received
from jumphost.config.credentials import Credential, MariaDb, Plain, Postgres, RabbitMq, unfit
from jumphost.config.load import SiteConfig
from jumphost.errors import JumphostError
from jumphost.evidence import sshsig
from jumphost.model import approval as approvals
from jumphost.model.approval import Approval
from jumphost.model.decision import Obligations
from jumphost.model.request import Request, decode, input_digest, plain_address, request_digest, subject_text
from jumphost.model.target import Shell, Target
from jumphost.signer.draft import SKEW_S, Draft, Kind, key_of, refuse
from jumphost.signer.log import Record
from jumphost.signer.protocol import Check, SignTarget, UseTarget
from jumphost.sshkey import read_line

TARGET_TTL_S = 60  # DESIGN §3: the ceiling of a target certificate
DECISION_AGE_S = 60  # a run certificate is for a decision just made
AHEAD_S = 5  # how far ahead of ours a clock may be
RUN_LIFE_S = 7 * 86_400  # for how long after its start a command can be stopped, where its decision sets no limit
STOP_GRACE_S = 3600  # stop logins may come that long after the time limit

NOTHING: Mapping[str, str] = MappingProxyType({})
Decided = SignTarget | UseTarget
_SOCKET = {"permit-port-forwarding": b""}  # sshd asks for it before it makes a socket
# by purpose; what else is one names a signal
_KINDS: dict[str, Kind] = {"deliver": "deliver", "run": "run", "stop": "stop"}


def target(asked: SignTarget, config: SiteConfig, now_ns: int) -> Draft:
    """The certificate of one login for a decided request, or Refused.

    Whether the decision had its run certificate is for the ledger to know.
    """
    # (1) The document is what was judged.
    request, digest = _document(asked)
    if asked.purpose in ("deliver", "run"):
        # (2) The decision is fresh and lets it run, by people who really said so.
        place, line = _run(asked, request, digest, config, now_ns)
        delivery = _delivery(asked.decision.obligations)
        if asked.purpose == "deliver":
            if delivery != "file":
                refuse(f"got a file to deliver for a decision on {delivery or 'no credential'}")
            return _login(asked, request, place, forced.deliver(request.id), now_ns)
        draft = _login(asked, request, place, line, now_ns)
        if asked.mode == "command":
            return replace(draft, extensions=_SOCKET) if delivery == "proxy" else draft
        # (2a) The login serves a connection, and what runs on it is sent: as the signer's own files say.
        _check_mode(place)
        critical = {"source-address": draft.critical["source-address"]}
        return replace(draft, critical=critical, connection=request.connection, line=line)
    # (3) What runs may be stopped even after its target or its identity is gone from the files.
    return _login(asked, request, config.targets.get(request.target.name), _follow_up(asked.purpose, request), now_ns)


def use(asked: UseTarget, config: SiteConfig, now_ns: int) -> Record:
    """What the log is to say of a decided request that runs without a certificate of its own, or Refused.

    Whether the login serves its connection, and whether the decision has run, is for the ledger to know.
    """
    request, digest = _document(asked)
    place, line = _run(asked, request, digest, config, now_ns)
    if asked.login:
        _check_mode(place)
    elif place.kind != "process":
        refuse(f"got a run on {place.name} without a login, expected one: its kind is {place.kind}")
    return Record(
        at=now_ns // NS_PER_S,
        kind="use" if asked.login else "process",
        key_id=_key_id(request),
        principal=place.principal(request.target.login),
        decision=asked.decision.id,
        input_digest=asked.decision.judgement.input_digest,
        hold=_hold(asked),
        until=_until(asked, now_ns // NS_PER_S),
        connection=request.connection,
        line=line,
        login=asked.login,
    )


def check(asked: Check, config: SiteConfig, now_ns: int) -> Draft:
    """The certificate of ``target check``, or Refused."""
    place = _known(asked.target, asked.login, config)
    _check_kind(place.name, place.kind)
    now = now_ns // NS_PER_S
    return Draft(
        ca="target",
        kind="check",
        key=key_of(asked.public_key),
        key_id=f"jumphost:check:{place.principal(asked.login)}",
        principal=place.principal(asked.login),
        valid_after=now - SKEW_S,
        valid_before=now + TARGET_TTL_S,
        critical={"force-command": forced.check(), "source-address": _source(place, asked.address)},
    )


def run_line(request: Request, obligations: Obligations, shell: Shell, given: Mapping[str, str] = NOTHING) -> str:
    """What the target runs for a decided request, for gateway and certificate alike; Refused if there is nothing.

    ``given`` is the environment that comes with its lease, and no secret: the string is logged.
    """
    if request.operation != "exec" or request.command.tier == "unparsed":
        refuse(
            f"got operation {request.operation!r} of tier {request.command.tier!r}, expected an exec that was parsed"
        )
    if request.command.tier == "structured" and request.command.dialect != shell:
        refuse(f"got a text read as {request.command.dialect!r} for a target that runs {shell!r}")
    granted = {name: request.env[name] for name in obligations.env if name in request.env}
    try:
        return forced.pinned(
            subject_text(request),
            request=request.id,
            env={**granted, **given},
            shell=shell,
            timeout_s=obligations.limits.timeout_s,
        )
    except ValueError as error:
        refuse(str(error))


def _document(asked: Decided) -> tuple[Request, str]:
    judged = asked.decision.judgement
    try:
        request = decode(judged.document)
        digest = request_digest(request)
        id_time_ns(asked.decision.id)
    except (ValueError, RecursionError) as error:
        refuse("got a request document or decision that is none", detail=str(error))
    if input_digest(judged.document) != judged.input_digest:
        refuse("got a document that is not the one that was judged (input digest)")
    if digest != judged.request_digest:
        refuse("got a request that is not the one that was judged (request digest)")
    return request, digest


def _check_age(asked: Decided, now_ns: int) -> None:
    age = (now_ns - asked.decision.at_ns) / NS_PER_S
    if not -AHEAD_S <= age <= DECISION_AGE_S:
        refuse(f"got a decision {age:.0f} s old, expected one of the last {DECISION_AGE_S} s")


def _check_effect(asked: Decided, request: Request, digest: str, config: SiteConfig, now_ns: int) -> None:
    entry = config.identities.get(request.identity.name)
    if entry is None or not entry.enabled or entry.owner != request.identity.owner:
        refuse(f"got identity {request.identity.name!r}, expected one that is registered, enabled, with its owner")
    effect, terms = asked.decision.effect, asked.decision.obligations.approval
    if effect == "deny":
        refuse("got a denial, expected a decision that lets it run")
    if effect == "allow" and not received.literal(request.command):
        refuse(
            f"got a text of tier {request.command.tier!r} that a rule alone allows and that is not known as written, "
            "expected people to have approved"
        )
    if (asked.decision.obligations.stdin == "judge") != bool(request.stdin.sha256):
        refuse("got a decision on other standard input than the document has, expected what was judged")
    if asked.decision.obligations.stdin == "stream" and (kind := received.kind(request.command)) != "data":
        refuse(f"got {kind} on standard input that nobody looked at, expected it judged")
    if effect == "allow" and not received.understood(request.stdin):
        refuse(f"got {request.stdin.kind} on standard input that a rule alone allows, expected people to have approved")
    people = [_person(given, digest, {request.identity.name, entry.owner}, config, now_ns) for given in asked.approvals]
    if len({given.hold for given in asked.approvals}) > 1:
        refuse("got approvals of several holds, expected one hold")
    if effect == "hold" and not approvals.terms_met(terms, people):
        refuse(f"got {len(people)} approvals that do not meet the terms of the hold")
    if unproved := {view.approver for view in request.approvals} - {name for name, _ in people}:
        refuse(f"got a document with approvals of {', '.join(sorted(unproved))} but not their signatures")


def _person(
    given: Approval, digest: str, parties: set[str], config: SiteConfig, now_ns: int
) -> tuple[str, tuple[str, ...]]:
    """Who gave the approval, and the groups that person has now."""
    person = config.approvers.get(given.approver)
    if person is None or given.approver in parties:
        refuse(f"got an approval of {given.approver[:128]!r}, expected an approver who is neither owner nor caller")
    if given.verdict != "approve" or given.request_digest != digest:
        refuse(f"got a verdict of {given.approver} on something else, expected an approval of this request")
    try:
        begins, ends = parse_rfc3339(given.at), parse_rfc3339(given.not_after)
    except ValueError as error:
        refuse(f"got an approval of {given.approver} without its times", detail=str(error))
    if not begins - AHEAD_S * NS_PER_S <= now_ns < ends:
        refuse(f"got an approval of {given.approver} from {given.at} to {given.not_after}, expected one that holds now")
    try:
        key = sshsig.verify(given.signature, approvals.statement(given), approvals.NAMESPACE)
    except JumphostError as error:
        refuse(f"got an approval that {given.approver} did not sign: {error.message}")
    if key.blob not in {read_line(line).blob for line in person.keys}:
        refuse(f"got an approval signed with {key.fingerprint}, which is no key of {given.approver}")
    return given.approver, person.groups


def _run(asked: Decided, request: Request, digest: str, config: SiteConfig, now_ns: int) -> tuple[Target, str]:
    """Where a decided request runs, and what; Refused if it may not."""
    _check_age(asked, now_ns)
    place = _place(request, config)
    _check_effect(asked, request, digest, config, now_ns)
    owed = asked.decision.obligations
    return place, run_line(request, owed, place.shell, _leased(request, owed, place, config))


def _delivery(obligations: Obligations) -> str:
    return obligations.credential.delivery if obligations.credential else ""


def _leased(request: Request, obligations: Obligations, place: Target, config: SiteConfig) -> Mapping[str, str]:
    """The environment that comes with what the decision leases, by the signer's own reading of the site."""
    if (terms := obligations.credential) is None:
        return NOTHING
    sources = config.settings.credentials
    if reason := unfit(sources, terms.name, terms.delivery, place.kind):
        refuse(reason)
    if place.mode != "command":
        refuse(f"got a credential for one command on {place.name}, whose mode is {place.mode}")
    source = sources[terms.name]
    if terms.delivery == "file":
        return _told(source)(request.id)
    if not isinstance(source, Postgres):
        return NOTHING
    return leased.postgres(request.id, kind=place.kind, login=request.target.login, database=source.database)


def _told(source: Credential) -> Callable[[str], Mapping[str, str]]:
    """The environment of a command that finds such a lease in a file."""
    if isinstance(source, RabbitMq | Plain):
        return leased.secret_file
    return leased.mariadb_file if isinstance(source, MariaDb) else leased.postgres_file


def _check_kind(name: str, kind: str) -> None:
    if kind != "ssh":
        refuse(f"got a login to {name}, expected none: it is a target of kind {kind}")


def _check_mode(place: Target) -> None:
    if place.mode != "connection":
        refuse(f"got a login for a whole connection to {place.name}, expected one a command: its mode is {place.mode}")


def _place(request: Request, config: SiteConfig) -> Target:
    place = _known(request.target.name, request.target.login, config)
    if request.target.kind != place.kind or request.target.labels != place.labels:
        refuse(f"got target {place.name} with another kind or other labels than it has, expected what was judged")
    return place


def _known(name: str, login: str, config: SiteConfig) -> Target:
    place = config.targets.get(name)
    if place is None or login not in place.logins:
        refuse(f"got {login[:128]!r} on {name[:128]!r}, expected a login of a registered target")
    return place


def _follow_up(purpose: str, request: Request) -> str:
    try:
        return forced.stop(request.id) if purpose == "stop" else forced.signal(request.id, purpose)
    except ValueError as error:
        refuse(str(error))


def _login(asked: SignTarget, request: Request, place: Target | None, line: str, now_ns: int) -> Draft:
    _check_kind(request.target.name, request.target.kind)
    now = now_ns // NS_PER_S
    return Draft(
        ca="target",
        kind=_KINDS.get(asked.purpose, "signal"),
        key=key_of(asked.public_key),
        key_id=_key_id(request),
        principal=Target(request.target.name, logins=()).principal(request.target.login),
        valid_after=now - SKEW_S,
        valid_before=now + TARGET_TTL_S,
        critical={"force-command": line, "source-address": _source(place, asked.address)},
        decision=asked.decision.id,
        input_digest=asked.decision.judgement.input_digest,
        hold=_hold(asked),
        until=_until(asked, now),
    )


def _key_id(request: Request) -> str:
    return f"jumphost:{request.id}:{request.identity.name}"


def _hold(asked: Decided) -> str:
    return asked.approvals[0].hold if asked.approvals else ""


def _until(asked: Decided, now_s: int) -> int:
    return now_s + min(RUN_LIFE_S, asked.decision.obligations.limits.timeout_s or RUN_LIFE_S) + STOP_GRACE_S


def _source(place: Target | None, text: str) -> str:
    """Where the certificate may be used from: what the target sees behind NAT, else the address of our own socket."""
    try:
        ours = str(plain_address(text))
    except ValueError:
        refuse(f"got the address {text!r}, expected the address that the target will see")
    return ",".join(place.source_address) if place and place.source_address else ours
