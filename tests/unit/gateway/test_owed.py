"""What a good answer of the engine may not do all the same."""

from typing import Any

import pytest
from msgspec.structs import replace

from jumphost.errors import Code
from jumphost.gateway.owed import objection
from jumphost.masking.custom import Custom, encode
from jumphost.model.decision import CredentialTerms
from jumphost.model.mask import Mask
from jumphost.model.request import Command, Profile, Request
from jumphost.policy import document
from jumphost.testing.policies import submission
from jumphost.testing.session import DB, ONE_DBA, verdict


def request(text: str = "uptime", given: bytes | None = None, profile: Profile | None = None) -> Request:
    mode: Any = "closed" if given is None else "judge"
    made = document.build(submission(text.encode(), stdin=given, stdin_mode=mode)).request
    parts = tuple(replace(one, profile=profile or one.profile) for one in made.command.commands)
    return replace(made, command=replace(made.command, commands=parts))


def code(asked: Request, effect: Any = "allow", **owed: Any) -> Code | None:
    found = objection(verdict(effect, ONE_DBA if effect == "hold" else (), **owed), asked, {"db": DB})
    return found[0] if found else None


@pytest.mark.parametrize("effect", ["allow", "hold"])
@pytest.mark.parametrize("owed", [{}, {"stdin": "judge"}, {"stdin": "stream"}, {"record": "io"}])
def test_a_plain_command_may_run(effect: str, owed: dict[str, Any]) -> None:
    assert code(request(), effect, **owed) is None


@pytest.mark.parametrize(
    "owed",
    [
        {"mask": Mask({"email": "label"}), "stdin": "stream", "record": "io"},
        {"credential": CredentialTerms("another", 60)},
        {"credential": CredentialTerms("db", 60, "env")},
    ],
)
def test_what_cannot_be_done(owed: dict[str, Any]) -> None:
    assert code(request(), **owed) is Code.POLICY_UNSUPPORTED


@pytest.mark.parametrize("effect", ["allow", "hold"])
def test_a_credential_that_can_be_had_and_delivered(effect: str) -> None:
    assert code(request(), effect, credential=CredentialTerms("db", 60)) is None


def test_programs_that_start_others_get_no_credential_that_those_could_read() -> None:
    starts = request("x", profile=Profile("x", matched=True, effects=("exec_child",)))
    by_file = replace(DB, delivery=("proxy", "file"))
    for delivery, expected in (("proxy", None), ("file", Code.POLICY_UNSUPPORTED)):
        asks = verdict("allow", (), credential=CredentialTerms("db", 60, delivery))
        found = objection(asks, starts, {"db": by_file})
        assert (found and found[0]) == expected
        assert objection(asks, request(), {"db": by_file}) is None


@pytest.mark.parametrize(
    "mask",
    [
        Mask(),
        Mask({"*": "redact"}),
        Mask({}, {"ssn": "label"}),
        Mask({"email": "pseudonym", "*": "label"}, {}, "detect"),
    ],
)
def test_what_is_masked_may_run(mask: Mask) -> None:
    assert code(request(), mask=mask) is None
    assert code(request("bash", b"df $(x)"), mask=mask, stdin="judge") is Code.COMMAND_UNPARSED  # the rest still counts


@pytest.mark.parametrize("effect", ["allow", "hold"])
def test_a_detector_that_is_none_is_named(effect: Any) -> None:
    owed = Mask({"credit_cards": "redact", "*": "redact", "email": "label"})
    found = objection(verdict(effect, ONE_DBA if effect == "hold" else (), mask=owed), request(), {})
    assert found == (Code.POLICY_INVALID, "the policy asks for detectors that do not exist: credit_cards")


def test_detectors_of_the_site_exist_where_the_judgement_has_them() -> None:
    asks = verdict("allow", (), mask=Mask({"staff": "redact"}))
    assert objection(asks, request(), {}, detectors=encode([Custom("staff", "EMP-[0-9]{6}", 10)])) is None
    found = objection(asks, request(), {}, detectors=encode([Custom("other", "EMP-[0-9]{6}", 10)]))
    assert found == (Code.POLICY_INVALID, "the policy asks for detectors that do not exist: staff")


@pytest.mark.parametrize("effect", ["allow", "hold"])
@pytest.mark.parametrize("reads", ["data", "code", "sql"])
def test_a_program_that_is_known_to_read_is_not_started_with_nothing_to_read(effect: str, reads: Any) -> None:
    profile = Profile("x", matched=True, stdin=reads)
    assert code(request("x", profile=profile), effect) is Code.STDIN_CLOSED
    assert code(request("x < /tmp/x", profile=profile), effect) is None
    assert code(request("x", profile=replace(profile, matched=False)), effect) is None
    assert code(request("x", profile=profile), effect, stdin="judge") is None


@pytest.mark.parametrize(
    ("text", "kind"), [("bash -s", "code"), ("psql", "sql"), ("cat | sh", "code"), ("python3 -", "code")]
)
@pytest.mark.parametrize("effect", ["allow", "hold"])
def test_code_and_sql_are_not_streamed(text: str, kind: str, effect: str) -> None:
    found = objection(verdict(effect, ONE_DBA if effect == "hold" else (), stdin="stream"), request(text), {})  # type: ignore[arg-type]
    assert found == (
        Code.STDIN_UNJUDGED,
        f"the command takes standard input for {kind}, which the policy would let by unseen",
    )


def test_what_a_profile_says_is_code_is_not_streamed() -> None:
    assert code(request("x", profile=Profile("x", matched=True, stdin="code")), stdin="stream") is Code.STDIN_UNJUDGED
    assert code(request("x", profile=Profile("x", matched=True, stdin="data")), stdin="stream") is None


@pytest.mark.parametrize("effect", ["allow", "hold"])
@pytest.mark.parametrize("says", ["closed", "stream"])
def test_input_that_was_read_is_what_runs(effect: str, says: str) -> None:
    for asked in (request("cat", b"data"), request("bash", b"df")):
        assert code(asked, effect, stdin="judge") is None
        assert code(asked, effect, stdin=says) is Code.STDIN_UNJUDGED


@pytest.mark.parametrize("data", [b"", b"df $(x)", b"\xff", b"sh\nx"])
def test_a_rule_alone_allows_only_code_that_is_understood(data: bytes) -> None:
    assert code(request("bash", data), stdin="judge") is Code.COMMAND_UNPARSED


def test_why_it_is_not_understood() -> None:
    found = objection(verdict(stdin="judge"), request("bash", b"ls *; alias x=y"), {})
    assert found is not None
    assert found[1] == "only code that is known as written can be allowed by rule alone: alias"
    dynamic = objection(verdict(stdin="judge"), request("bash", b"ls *"), {})
    assert dynamic is not None
    assert dynamic[1].endswith(": glob")
    comment = objection(verdict(stdin="judge"), request("bash", b"df # x"), {})
    assert comment is not None
    assert comment[1].endswith(": structured")


def test_a_rule_alone_allows_only_sql_that_is_understood() -> None:
    assert code(request("psql -X", b"select 1"), stdin="judge") is None
    assert code(request("psql -X", b"\\! id"), stdin="judge") is Code.COMMAND_UNPARSED
    assert code(request("psql", b"select 1"), stdin="judge") is Code.COMMAND_UNPARSED  # reads ~/.psqlrc before


@pytest.mark.parametrize(
    ("text", "data", "held"),
    [
        ("bash", b"df $(x)", None),
        ("python3", b"print(1)", None),
        ("psql", b"select 1", None),
        ("cat", b"\xff\0", None),
        ("bash", b"df \xff", Code.COMMAND_UNPARSED),
        ("psql", b"select '\r'", Code.COMMAND_UNPARSED),
    ],
)
def test_people_approve_what_they_can_read(text: str, data: bytes, held: Code | None) -> None:
    assert code(request(text, data), "hold", stdin="judge") == held


def test_data_may_be_anything() -> None:
    assert code(request("cat", b"\xff\0"), stdin="judge") is None


def test_nothing_of_this_touches_what_is_no_command() -> None:
    asked = replace(request(), operation="sftp.read", command=Command())
    assert code(asked, stdin="closed") is None
