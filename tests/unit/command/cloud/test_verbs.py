"""Calls of aws, gcloud and az whose flags are in no table."""

import pytest

from jumphost.command.cloud.verbs import READERS, read
from jumphost.model.request import Cloud


def call(text: str, *, whole: bool = True) -> Cloud:
    tool, *words = text.split()
    return read(Cloud(0, tool, ()), words, whole=whole)


def test_a_value_that_is_glued_is_no_operand() -> None:
    assert call("aws --region=r s3 ls --profile=p") == Cloud(0, "aws", ("s3", "ls"), region="r", account="profile:p")


@pytest.mark.parametrize("flag", ["--reg", "--p", "--endpoint", "--pro=x"])
def test_an_abbreviation_may_be_a_global_flag(flag: str) -> None:
    found = call(f"aws s3 ls {flag}")
    assert (found.account, found.region, found.context) == ("?", "?", "?")


def test_words_that_are_missing_leave_all_unsure() -> None:
    assert call("aws s3 ls", whole=False) == Cloud(0, "aws", ("s3", "ls"), "?", "?", "?", "?", ("?",))


def test_what_stands_behind_two_dashes_is_another_command() -> None:
    assert call("gcloud compute ssh vm -- --project x").context == ""


def test_a_flag_at_the_end_has_no_value() -> None:
    assert call("aws s3 ls --region").region == ""


def test_only_a_known_action_ends_a_verb() -> None:
    assert call("gcloud iam service-accounts keys list").verb == ("iam", "service-accounts", "keys", "list")
    assert call("gcloud frob service-accounts").verb == ()
    assert call("aws frob service-accounts").verb == ("frob", "service-accounts")


def test_global_flags_have_one_meaning() -> None:
    for flags in READERS.values():
        assert not flags.bare & (flags.valued | flags.fields.keys())
        assert not flags.valued & flags.fields.keys()
