"""What of a request's text people get to see."""

from jumphost.model.request import Request, subject_text


def shown(request: Request) -> str:
    """What people are asked about: what would be done, and the standard input with which it would be."""
    text, given = subject_text(request), request.stdin
    if not given.sha256:
        return text
    about = f"standard input, taken for {given.kind}: {given.bytes} bytes, sha256 {given.sha256}"
    return f"{text}\n{about}\n{given.command.raw}" if given.command.raw else f"{text}\n{about}"
