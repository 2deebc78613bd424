"""What is shown of a request's text."""

from typing import Any

from jumphost.gateway import text
from jumphost.model.request import Request
from jumphost.policy import document
from jumphost.testing.policies import submission


def request(raw: bytes = b"uptime", stdin: bytes | None = None) -> Request:
    mode: Any = "closed" if stdin is None else "judge"
    return document.build(submission(raw, stdin=stdin, stdin_mode=mode)).request


def test_people_are_shown_what_would_be_done() -> None:
    assert text.shown(request()) == "'uptime'"


def test_people_are_shown_code_whole_and_what_is_known_of_data() -> None:
    asked = request(b"bash -s", b"df\nuptime\n")
    line = f"standard input, taken for code: 10 bytes, sha256 {asked.stdin.sha256}"
    assert text.shown(asked) == f"'bash' -s\n{line}\ndf\nuptime\n"
    asked = request(b"cat", b"\xff")
    assert text.shown(asked) == f"'cat'\nstandard input, taken for data: 1 bytes, sha256 {asked.stdin.sha256}"
