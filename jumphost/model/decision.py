"""What Rego answered, strictly read, and the decision that the gateway makes of it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from jumphost.errors import Code
from jumphost.model.approval import Term
from jumphost.model.mask import Mask

Effect = Literal["allow", "deny", "hold"]
Observed = Literal["would_allow", "would_deny", "would_hold"]  # of a rule that is only watched
RecordLevel = Literal["digest", "output", "io"]
Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9._-]{1,128}\Z")]
Positive = Annotated[int, Meta(gt=0, lt=2**53)]


class Strict(Struct, frozen=True, forbid_unknown_fields=True):
    """Base of the decision document: an unknown key is an error."""


class Rule(Strict, frozen=True):
    """One rule that matched, winner or loser."""

    id: Annotated[str, Meta(min_length=1, max_length=256)]
    effect: Effect | Observed
    message: Annotated[str, Meta(max_length=1024)] = ""


class CredentialTerms(Strict, frozen=True):
    """The credential that the command gets."""

    name: Name
    ttl_s: Positive
    delivery: Literal["proxy", "file", "env"] = "proxy"


class Limits(Strict, frozen=True):
    """Limits of a run; what is None is the site's."""

    timeout_s: Positive | None = None
    output_bytes: Positive | None = None
    on_expiry: Literal["finish", "cut"] = "finish"
    on_echo: Literal["finish", "cut"] = "finish"  # when the output holds a credential that was injected


class Obligations(Strict, frozen=True):
    """What must be done if it runs; defaults are those of a bundle whose rules all stay silent."""

    mask: Mask | None = None
    credential: CredentialTerms | None = None
    env: tuple[Annotated[str, Meta(pattern=r"\A[A-Za-z_][A-Za-z0-9_]{0,127}\Z")], ...] = ()
    approval: tuple[Term, ...] = ()
    limits: Limits = Limits()
    record: RecordLevel = "output"
    stdin: Literal["closed", "judge", "stream"] = "closed"
    alert: bool = False  # tell people now


class Verdict(Strict, frozen=True):
    """The decision document of CONTRACTS §5: what ``data.jumphost.main.decision`` must be."""

    effect: Effect
    rules: tuple[Rule, ...]
    obligations: Obligations


class Judgement(Struct, frozen=True):
    """One judging of one request: the document, its digests and the verdict; never an exception."""

    verdict: Verdict
    code: str  # a rule id, or a Code where no rule spoke or something failed
    message: str
    document: bytes = b""  # empty only if no document could be built
    request_digest: str = ""
    input_digest: str = ""
    revision: str = ""
    engine: str = ""
    detectors: bytes = b""  # of the site's own, of the same revision: ``masking.custom.decode`` reads them
    detail: str = ""  # of a fault: for the trail, never for the caller


class Decision(Struct, frozen=True):
    """A judgement with its name in the trail. ``at_ns`` is when it was made."""

    id: str  # UUIDv7
    at_ns: int
    judgement: Judgement

    @property
    def effect(self) -> Effect:
        """allow, deny or hold."""
        return self.judgement.verdict.effect

    @property
    def obligations(self) -> Obligations:
        """What must be done if it runs."""
        return self.judgement.verdict.obligations


NOTHING = Obligations()


def denied(code: Code, message: str, **known: str | bytes) -> Judgement:
    """A denial that no rule spoke: a fault, or nothing that matched."""
    return Judgement(verdict=Verdict(effect="deny", rules=(), obligations=NOTHING), code=code, message=message, **known)  # type: ignore[arg-type]  # names of Judgement's own fields


def read_verdict(answer: bytes) -> Verdict:
    """The verdict in an engine's JSON answer; ValueError (msgspec's included) if it is not exactly one.

    Beyond the shape: a hold needs approval terms, an allow and a deny have none, rules agree with the effect.
    """
    verdict = msgspec.json.decode(answer, type=Verdict)
    effects = {rule.effect for rule in verdict.rules}
    strongest = next((effect for effect in ("deny", "hold", "allow") if effect in effects), "deny")
    if verdict.effect != strongest:
        raise ValueError(f"got effect {verdict.effect!r} from rules that say {strongest!r}")
    if verdict.effect == "hold" and not verdict.obligations.approval:
        raise ValueError("got a hold without approval terms, expected obligations.approval")
    if verdict.effect != "hold" and verdict.obligations.approval:
        raise ValueError(f"got approval terms with effect {verdict.effect!r}, expected them with a hold only")
    return verdict


def leading_rule(verdict: Verdict) -> Rule | None:
    """The rule named to the caller: the first by id among those whose effect won."""
    return min(
        (rule for rule in verdict.rules if rule.effect == verdict.effect), key=lambda rule: rule.id, default=None
    )
