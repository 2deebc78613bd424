"""What is shown and kept of a request's text, and what is not where there is a secret in it."""

from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.gateway import text
from jumphost.model.decision import Judgement, Verdict
from jumphost.model.request import (
    Assignment,
    Cloud,
    Command,
    Facts,
    Files,
    Http,
    InlineCode,
    Invocation,
    Profile,
    Redirect,
    Request,
    Sql,
    Statement,
    Table,
    Word,
    decode,
    encode,
    input_digest,
    request_digest,
)
from jumphost.policy import document
from jumphost.testing.policies import submission
from jumphost.testing.session import ONE_DBA, verdict

SECRET = "canary-in-the-text"
FOUND = Facts(secret_argv=("password",))


def request(raw: bytes = b"uptime", stdin: bytes | None = None) -> Request:
    mode: Any = "closed" if stdin is None else "judge"
    return document.build(submission(raw, stdin=stdin, stdin_mode=mode)).request


def judgement(asked: Request, says: Verdict) -> Judgement:
    body = encode(asked)
    return Judgement(says, "c", "m", body, request_digest(asked), input_digest(body))


def everywhere() -> Command:
    """A command that has the secret in every text it can have."""
    word = Word(v=SECRET, k="dynamic", src=SECRET, why=("param",))
    profile = Profile(SECRET, matched=True, flags={SECRET: (SECRET,)}, operands=(SECRET,), verb=(SECRET,))
    one = Invocation(
        id=0,
        program=SECRET,
        argv=(word,),
        path=SECRET,
        host=SECRET,
        run_as=SECRET,
        env=(Assignment(SECRET, word),),
        redirects=(Redirect(1, ">", "truncate", SECRET),),
        profile=replace(profile, unknown_flags=(SECRET,), hosts=(SECRET,)),
    )
    table = Table(SECRET, SECRET, SECRET, "read")
    return Command(
        raw=f"echo {SECRET}",
        sha256="5" * 64,
        bytes=7,
        tier="literal",
        opaque=("eval",),
        dynamic=("param",),
        canonical=SECRET,
        commands=(one,),
        sql=(Sql(0, SECRET, "-c", SECRET, parse_ok=True, statements=(Statement(SECRET, True, (table,)),)),),  # noqa: FBT003
        http=(Http(0, SECRET, SECRET, SECRET, SECRET, 1, SECRET, SECRET, SECRET, SECRET),),
        cloud=(Cloud(0, SECRET, (SECRET,), SECRET, SECRET, SECRET, SECRET, (SECRET,)),),
        files=Files((SECRET,), (SECRET,), (SECRET,)),
        facts=Facts(
            writes=True,
            privilege=(SECRET,),
            lateral=(SECRET,),
            inline_code=(InlineCode(SECRET, SECRET),),
            env_danger=(SECRET,),
            unknown_programs=(SECRET,),
            secret_paths=(SECRET,),
            secret_argv=("password",),
        ),
    )


def test_people_are_shown_what_would_be_done() -> None:
    assert text.shown(request()) == "'uptime'"


def test_people_are_shown_code_whole_and_what_is_known_of_data() -> None:
    asked = request(b"bash -s", b"df\nuptime\n")
    line = f"standard input, taken for code: 10 bytes, sha256 {asked.stdin.sha256}"
    assert text.shown(asked) == f"'bash' -s\n{line}\ndf\nuptime\n"
    asked = request(b"cat", b"\xff")
    assert text.shown(asked) == f"'cat'\nstandard input, taken for data: 1 bytes, sha256 {asked.stdin.sha256}"


@pytest.mark.parametrize("where", ["command", "stdin"])
def test_a_blanked_request_has_no_text_and_all_digests(where: str) -> None:
    asked = request(b"bash -s", b"df")
    found = everywhere()
    asked = (
        replace(asked, command=found)
        if where == "command"
        else replace(asked, stdin=replace(asked.stdin, command=found))
    )
    blank = text.blanked(asked)
    body = encode(blank)
    assert SECRET in encode(asked).decode()
    assert SECRET not in body.decode()
    assert decode(body) == blank
    kept = blank.command if where == "command" else blank.stdin.command
    assert (kept.sha256, kept.bytes, kept.tier, kept.opaque, kept.dynamic) == (
        "5" * 64,
        7,
        "literal",
        ("eval",),
        ("param",),
    )
    assert (kept.facts.secret_argv, kept.facts.writes) == (("password",), True)
    assert (blank.stdin.sha256, blank.stdin.bytes, blank.id) == (asked.stdin.sha256, 2, asked.id)
    assert blank.stdin.command.raw == blank.command.raw == ""


def with_secret(where: str) -> Request:
    asked = request(b"bash -s", b"df")
    if where == "command":
        return replace(asked, command=replace(asked.command, facts=FOUND))
    return replace(asked, stdin=replace(asked.stdin, command=replace(asked.stdin.command, facts=FOUND)))


@pytest.mark.parametrize("where", ["command", "stdin"])
def test_a_secret_that_is_denied_is_neither_journalled_nor_kept(where: str) -> None:
    asked = with_secret(where)
    assert text.secrets(asked) == ("password",)
    denied = judgement(asked, verdict("deny"))
    assert text.journalled(denied, asked) == ""
    assert text.kept(denied) == encode(text.blanked(asked))
    assert b"uptime" not in text.kept(denied)


@pytest.mark.parametrize("effect", ["allow", "hold"])
def test_a_secret_that_may_run_is_the_policys_business(effect: Any) -> None:
    asked = with_secret("command")
    said = judgement(asked, verdict(effect, ONE_DBA if effect == "hold" else (), stdin="judge"))
    assert text.journalled(said, asked) == "'bash' -s"
    assert text.kept(said) == said.document


def test_a_secret_that_is_to_be_judged_again_is_not_journalled_yet() -> None:
    asked = request(b"bash -s")
    asked = replace(asked, command=replace(asked.command, facts=FOUND))
    assert text.journalled(judgement(asked, verdict(stdin="judge")), asked) == ""
    assert text.journalled(judgement(asked, verdict()), asked) == "'bash' -s"


def test_what_has_no_secret_is_kept_as_it_was_judged() -> None:
    asked = request()
    denied = judgement(asked, verdict("deny"))
    assert (text.journalled(denied, asked), text.kept(denied), text.secrets(asked)) == ("'uptime'", denied.document, ())
    assert text.kept(Judgement(verdict("deny"), "c", "m")) == b""
