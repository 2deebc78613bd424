"""From what an engine answered to a judgement: the same reading, with the same codes, whichever engine it was."""

from msgspec.structs import replace

from jumphost.errors import Code, Unavailable
from jumphost.model.decision import Judgement, denied, leading_rule, read_verdict
from jumphost.policy.protocol import Reply

_FAULTS = frozenset({Code.POLICY_INVALID, Code.POLICY_ERROR, Code.POLICY_TIMEOUT, Code.POLICY_UNAVAILABLE})


def read_reply(reply: Reply, *, revision: str, engine: str, detectors: bytes) -> Judgement:
    """The judgement in a reply; an answer that is not exactly a decision is a denial (policy.invalid)."""
    judgement = denied(reply.code, reply.message, detail=reply.detail) if reply.code else _read_answer(reply.answer)
    return replace(
        judgement,
        document=reply.document,
        request_digest=reply.request_digest,
        input_digest=reply.input_digest,
        revision=revision,
        engine=engine,
        detectors=detectors,
    )


def check_smoke(judgement: Judgement) -> None:
    """Unavailable (policy.unavailable) if the judgement of a plain request shows that the engine cannot judge."""
    if judgement.code in _FAULTS:
        message = f"the bundle gives no valid answer: {judgement.message}"
        raise Unavailable(Code.POLICY_UNAVAILABLE, message, detail=judgement.detail)


def _read_answer(answer: bytes) -> Judgement:
    try:
        verdict = read_verdict(answer)
    except (ValueError, RecursionError) as error:
        return denied(Code.POLICY_INVALID, "the policy's answer is not a decision", detail=str(error))
    rule = leading_rule(verdict)
    if rule is None:
        return denied(Code.POLICY_NO_RULE, "no rule allows this")
    return Judgement(verdict, rule.id, rule.message)
