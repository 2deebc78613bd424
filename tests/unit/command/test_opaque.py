"""The closed list: nothing in it without a text that gives it."""

from jumphost.command.opaque import NotLiteral, Opaque
from jumphost.testing.texts import HANDED_HIDING, HIDING, NOT_LITERAL, NOT_STRUCTURED, NOT_TEXT, STRUCTURED_HIDING


def test_every_reason_has_a_text() -> None:
    unparsed = {reason.value for *_, reason in [*NOT_TEXT, *NOT_LITERAL, *NOT_STRUCTURED]}
    hidden = {
        reason.partition(":")[0] for *_, reasons in [*HIDING, *STRUCTURED_HIDING, *HANDED_HIDING] for reason in reasons
    }
    of_the_parser = {Opaque.PARSER_TIMEOUT, Opaque.PARSER_FAILED}  # in test_shfmt
    of_clients = {Opaque.SQL_OPAQUE}  # in test_sql
    assert unparsed | hidden | of_the_parser | of_clients == set(Opaque)


def test_a_refusal_says_what_and_where() -> None:
    refusal = NotLiteral(Opaque.GLOB, 3)
    assert str(refusal) == "glob at character 3"
    assert (refusal.reason, refusal.at) == (Opaque.GLOB, 3)
