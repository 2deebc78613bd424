"""What the request digest names: all of what is asked, by whom and where, and nothing of how or when it comes."""

import hashlib

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from jumphost.model.identity import Certificate
from jumphost.model.request import Source, TargetView, request_digest, subject_text
from jumphost.policy.base import Submission
from jumphost.policy.document import build, read
from jumphost.testing.policies import submission

NAME = st.text("ab.-_9", min_size=1, max_size=4)
WORD = st.text(st.characters(exclude_characters="\0\n\r", exclude_categories=["Cs"]), max_size=6)
ARGV = st.lists(WORD, max_size=4).map(lambda words: ["echo", *words])
CIRCUMSTANCES = st.fixed_dictionaries(
    {
        "id": st.uuids().map(str),
        "connection": st.uuids().map(str),
        "now_ns": st.integers(0, 4_102_444_800 * 10**9),
        "source": st.builds(Source, st.ip_addresses(v=4).map(str), st.integers(0, 65_535), NAME),
        "correlation": NAME,
        "purpose": NAME,
    }
)


def quoted(argv: list[str]) -> bytes:
    """A command line of exactly these words."""
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in argv).encode()


def asked(argv: list[str], name: str, target: str, login: str, env: dict[str, str]) -> Submission:
    plain = submission(quoted(argv), env=env, target=TargetView(name=target, kind="ssh", login=login))
    return replace(plain, identity=replace(plain.identity, name=name))


SUBJECT = st.tuples(ARGV, NAME, NAME, NAME, st.dictionaries(st.sampled_from("AB"), WORD, max_size=2))


@given(SUBJECT, CIRCUMSTANCES, st.integers(0, 2**64 - 1).map(str))
@settings(deadline=None)
def test_how_and_when_it_comes_does_not_matter(subject: tuple, circumstances: dict, serial: str) -> None:
    plain = asked(*subject)
    again = replace(
        plain, **circumstances, identity=replace(plain.identity, certificate=Certificate(serial=serial), groups=("g",))
    )
    assert build(plain).request_digest == build(again).request_digest
    assert build(plain).input_digest != build(again).input_digest


@given(SUBJECT, SUBJECT)
@settings(deadline=None)
def test_two_things_that_are_asked_have_two_digests(one: tuple, other: tuple) -> None:
    same = build(asked(*one)).request_digest == build(asked(*other)).request_digest
    assert same is (one == other)


@given(SUBJECT, st.data())
@settings(deadline=None)
def test_one_character_more_is_another_digest(subject: tuple, data: st.DataObject) -> None:
    argv, *rest = subject
    number = data.draw(st.integers(0, len(argv) - 1))
    at, more = data.draw(st.integers(0, len(argv[number]))), data.draw(st.sampled_from(" x'\\$;é\u200b"))
    longer = [*argv[:number], argv[number][:at] + more + argv[number][at:], *argv[number + 1 :]]
    assert build(asked(argv, *rest)).request_digest != build(asked(longer, *rest)).request_digest
    assert build(asked([*argv, ""], *rest)).request_digest != build(asked(argv, *rest)).request_digest


@given(SUBJECT, st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=3), WORD, max_size=4))
@settings(deadline=None)
def test_the_digest_is_that_of_rfc_8785(subject: tuple, env: dict[str, str]) -> None:
    made = replace(build(asked(*subject)).request, env=env)
    text = {
        "v": 1,
        "identity": {"name": made.identity.name, "issuer": made.identity.issuer},
        "target": made.target.name,
        "login": made.target.login,
        "operation": made.operation,
        "command": subject_text(made),
        "stdin": None,
        "env": env,
    }
    assert request_digest(made) == hashlib.sha256(rfc8785.dumps(text)).hexdigest()


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40), st.binary(max_size=40))
@settings(deadline=None)
def test_what_we_build_is_what_we_would_take_from_others(text: str, data: bytes) -> None:
    for command in (text.encode(), b"bash -s"):
        made = build(submission(command, stdin=data, stdin_mode="judge"))
        assert read(made.body) == made
