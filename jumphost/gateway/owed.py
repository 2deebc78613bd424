"""What a decision owes that cannot be done, or may not be: why a good answer of the engine is denied all the same."""

from collections.abc import Mapping

from jumphost.command import received
from jumphost.config.credentials import Credential, unfit
from jumphost.errors import Code
from jumphost.masking.custom import decode
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.plan import EVERY
from jumphost.model.decision import CredentialTerms, Verdict
from jumphost.model.mask import Mask
from jumphost.model.request import Request

Objection = tuple[Code, str]


def objection(
    verdict: Verdict, request: Request, credentials: Mapping[str, Credential], *, detectors: bytes = b""
) -> Objection | None:
    """Why nothing may run though the verdict is no denial: a code and a line for the caller; None if it may.

    ``credentials`` are those of the site's settings, ``detectors`` the site's own, as the judgement carries them.
    """
    owed = verdict.obligations
    if (terms := owed.credential) and (reason := _undeliverable(terms, request, credentials)):
        return Code.POLICY_UNSUPPORTED, reason
    if owed.mask and (found := _mask(owed.mask, detectors)):
        return found
    if owed.mask and owed.stdin == "stream" and owed.record == "io":
        return Code.POLICY_UNSUPPORTED, "the policy asks for streamed input to be masked in the recording"
    if request.stdin.sha256:
        return _judged(verdict, request)
    if owed.stdin == "closed" and received.starved(request.command):
        return Code.STDIN_CLOSED, "the command reads standard input, which the policy closed"
    if owed.stdin == "stream" and (kind := received.kind(request.command)) != "data":
        return Code.STDIN_UNJUDGED, f"the command takes standard input for {kind}, which the policy would let by unseen"
    return None


def _undeliverable(terms: CredentialTerms, request: Request, credentials: Mapping[str, Credential]) -> str:
    if reason := unfit(credentials, terms.name, terms.delivery, request.target.kind):
        return reason
    starting = [one.program for one in request.command.commands if "exec_child" in one.profile.effects]
    if terms.delivery != "proxy" and starting:
        return f"{starting[0]} may start other programs, which would have the credential too: only by proxy"
    return ""


def _mask(mask: Mask, detectors: bytes) -> Objection | None:
    if unknown := sorted({*mask.detectors} - {EVERY, *DETECTORS, *(one.name for one in decode(detectors))}):
        return Code.POLICY_INVALID, f"the policy asks for detectors that do not exist: {', '.join(unknown)}"
    return None


def _judged(verdict: Verdict, request: Request) -> Objection | None:
    given = request.stdin
    if verdict.obligations.stdin != "judge":
        return Code.STDIN_UNJUDGED, "the policy asked for standard input, and no longer does now that it has it"
    if verdict.effect == "allow" and not received.understood(given):
        reasons = ", ".join(given.command.opaque or given.command.dynamic) or given.command.tier
        return (
            Code.COMMAND_UNPARSED,
            f"only {given.kind} that is known as written can be allowed by rule alone: {reasons}",
        )
    if verdict.effect == "hold" and not received.shown(given):
        return (
            Code.COMMAND_UNPARSED,
            f"the {given.kind} on standard input cannot be shown whole, so nobody can approve it",
        )
    return None
