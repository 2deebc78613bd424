"""Asking the engine about one request, and whether its answer may be acted on.

The engine reads hostile text, so it is not believed blindly: what it judged must be what was asked, since what it hands
back is what approvers see, the signer checks and the target runs.
"""

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from jumphost import metrics
from jumphost.config.credentials import Credential
from jumphost.errors import Code
from jumphost.gateway.owed import objection
from jumphost.model.decision import Judgement, Verdict, denied
from jumphost.model.mask import Mask
from jumphost.model.request import Request, decode, input_digest, request_digest
from jumphost.policy.base import Engine, Submission


async def judge(engine: Engine, submission: Submission, credentials: Mapping[str, Credential]) -> Judgement:
    """The engine's judgement; a denial instead if it is about something else, or owes what this gateway may not do."""
    with metrics.DECISION_SECONDS.time():
        judgement = await engine.judge(submission)
    return checked(judgement, submission, credentials)


def checked(judgement: Judgement, submission: Submission, credentials: Mapping[str, Credential]) -> Judgement:
    """The engine's judgement of a submission, or the denial that takes its place; ``credentials`` are the site's."""
    if judgement.verdict.effect == "deny":
        return judgement
    try:
        judged = decode(judgement.document)
    except msgspec.DecodeError as error:
        return _another(judgement, f"document: {error}")
    if wrong := _mismatch(judged, judgement, submission):
        return _another(judgement, wrong)
    verdict = _with_mask(judgement.verdict, submission.mask)
    if found := objection(verdict, judged, credentials, detectors=judgement.detectors):
        return _refused(judgement, *found)
    return replace(judgement, verdict=verdict)


def _with_mask(verdict: Verdict, site: Mask) -> Verdict:
    """The verdict with the mask of the site, where no rule spoke of one."""
    if verdict.obligations.mask is not None or not site.asked:
        return verdict
    return replace(verdict, obligations=replace(verdict.obligations, mask=site))


def _mismatch(judged: Request, judgement: Judgement, asked: Submission) -> str:
    """What in the judged document is not what was asked; "" if nothing."""
    expected = {
        "id": (judged.id, asked.id),
        "identity": ((judged.identity.name, judged.identity.issuer), (asked.identity.name, asked.identity.issuer)),
        "target": (judged.target, asked.target),
        "operation": (judged.operation, asked.operation),
        "command": (judged.command.raw.encode(), asked.raw),
        "stdin": ((judged.stdin.mode, judged.stdin.bytes, judged.stdin.sha256), _stdin(asked)),
        "env": (judged.env, asked.env),
        "approvals": (judged.approvals, asked.approvals),
        "mask": (judged.mask, asked.mask),
        "digest": (_digests(judged, judgement.document), (judgement.request_digest, judgement.input_digest)),
    }
    return ", ".join(name for name, (got, wanted) in expected.items() if got != wanted)


def _stdin(asked: Submission) -> tuple[str, int, str]:
    given = asked.stdin
    return asked.stdin_mode, len(given or b""), "" if given is None else hashlib.sha256(given).hexdigest()


def _digests(judged: Request, document: bytes) -> tuple[str, str]:
    return request_digest(judged), input_digest(document)


def _another(judgement: Judgement, detail: str) -> Judgement:
    return _refused(judgement, Code.POLICY_INVALID, "the policy engine judged another request", detail)


def _refused(judgement: Judgement, code: Code, message: str, detail: str = "") -> Judgement:
    why = denied(code, message, detail=detail)
    return replace(judgement, verdict=why.verdict, code=why.code, message=why.message, detail=detail)
