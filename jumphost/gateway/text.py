"""What of a request's text people, the journal and the store of requests get to see."""

from msgspec.structs import replace

from jumphost.model.decision import Judgement
from jumphost.model.request import Command, Facts, Request, decode, encode, subject_text


def shown(request: Request) -> str:
    """What people are asked about: what would be done, and the standard input with which it would be."""
    text, given = subject_text(request), request.stdin
    if not given.sha256:
        return text
    about = f"standard input, taken for {given.kind}: {given.bytes} bytes, sha256 {given.sha256}"
    return f"{text}\n{about}\n{given.command.raw}" if given.command.raw else f"{text}\n{about}"


def secrets(request: Request) -> tuple[str, ...]:
    """The detectors that found a secret in the command or in its standard input."""
    return tuple(dict.fromkeys(request.command.facts.secret_argv + request.stdin.command.facts.secret_argv))


def journalled(judgement: Judgement, request: Request) -> str:
    """What the journal says was asked: nothing where that has a secret and is denied, or is to be judged again."""
    again = judgement.verdict.obligations.stdin == "judge" and not request.stdin.sha256
    hidden = bool(secrets(request)) and (judgement.verdict.effect == "deny" or again)
    return "" if hidden else subject_text(request)


def kept(judgement: Judgement) -> bytes:
    """The document as it is stored: without its text where that has a secret and is denied."""
    if not judgement.document or judgement.verdict.effect != "deny":
        return judgement.document
    request = decode(judgement.document)
    return encode(blanked(request)) if secrets(request) else judgement.document


def blanked(request: Request) -> Request:
    """The request without the text of its command and of its standard input.

    What stays is named one by one: sizes, digests, tier, reasons, and which detectors found a secret.
    """
    stdin = replace(request.stdin, command=_blanked(request.stdin.command))
    return replace(request, command=_blanked(request.command), stdin=stdin)


def _blanked(command: Command) -> Command:
    found = command.facts
    return Command(
        sha256=command.sha256,
        bytes=command.bytes,
        dialect=command.dialect,
        tier=command.tier,
        opaque=command.opaque,
        dynamic=command.dynamic,
        shape=command.shape,
        facts=Facts(
            writes=found.writes,
            deletes=found.deletes,
            network=found.network,
            secret_argv=found.secret_argv,
            non_ascii=found.non_ascii,
        ),
    )
