"""Asking the engine about one request, and whether its answer may be acted on.

The engine reads hostile text, so it is not believed blindly: what it judged must be what was asked, since what it hands
back is what approvers see, the signer checks and the target runs.
"""

import msgspec
from msgspec.structs import replace

from jumphost import metrics
from jumphost.errors import Code
from jumphost.model.decision import Judgement, denied
from jumphost.model.request import Request, decode, input_digest, request_digest
from jumphost.policy.base import Engine, Submission


async def judge(engine: Engine, submission: Submission) -> Judgement:
    """The engine's judgement; a denial instead if it is about something else, or owes what this gateway cannot do."""
    with metrics.DECISION_SECONDS.time():
        judgement = await engine.judge(submission)
    if judgement.verdict.effect == "deny":
        return judgement
    if wrong := _mismatch(judgement, submission):
        return _refused(judgement, Code.POLICY_INVALID, "the policy engine judged another request", wrong)
    owed = judgement.verdict.obligations
    if owed.mask or owed.credential or owed.stdin == "judge":
        message = "the policy asks for an obligation that this gateway cannot meet"
        return _refused(judgement, Code.POLICY_UNSUPPORTED, message, "")
    return judgement


def _mismatch(judgement: Judgement, asked: Submission) -> str:
    """What in the judged document is not what was asked; "" if nothing."""
    try:
        judged = decode(judgement.document)
    except msgspec.DecodeError as error:
        return f"document: {error}"
    expected = {
        "id": (judged.id, asked.id),
        "identity": ((judged.identity.name, judged.identity.issuer), (asked.identity.name, asked.identity.issuer)),
        "target": (judged.target, asked.target),
        "operation": (judged.operation, asked.operation),
        "command": (judged.command.raw.encode(), asked.raw),
        "env": (judged.env, asked.env),
        "approvals": (judged.approvals, asked.approvals),
        "digest": (_digests(judged, judgement.document), (judgement.request_digest, judgement.input_digest)),
    }
    return ", ".join(name for name, (got, wanted) in expected.items() if got != wanted)


def _digests(judged: Request, document: bytes) -> tuple[str, str]:
    return request_digest(judged), input_digest(document)


def _refused(judgement: Judgement, code: Code, message: str, detail: str) -> Judgement:
    why = denied(code, message, detail=detail)
    return replace(judgement, verdict=why.verdict, code=why.code, message=why.message, detail=detail)
