"""What becomes of a value."""

import pytest

from jumphost.masking import validators
from jumphost.masking.strategies import STRICTEST, apply, label, partial, pseudonym

KEY = b"k" * 32


@pytest.mark.parametrize(("value", "separators", "masked"), [
    (b"4111-1111 1111", b" -", b"****-**** ****"),
    (b"4111-1111 1111", b"", b"********* ****"),
    (b"a\tb\r\nc d", b"", b"*\t*\r\n* *"),
    (b"\x00\xff", b"", b"**"),
])  # fmt: skip
def test_stars_keep_length_lines_and_separators(value: bytes, separators: bytes, masked: bytes) -> None:
    assert apply("redact", value, "x", separators, KEY) == masked


@pytest.mark.parametrize(("value", "separators", "masked"), [
    (b"4111-1111-1111-1234", b"-", b"****-****-****-1234"),
    (b"643-58-8268", b"-", b"***-**-8268"),
    (b"12345678", b"-", b"********"),
    (b"hunter2hunter2x", b"", b"***************"),
    (b"hunter2hunter2xy", b"", b"************r2xy"),
    (b"hunter2hunter2\xc3\xa9xy", b"", b"************r2**xy"),
])  # fmt: skip
def test_partial_shows_the_last_four_of_what_is_long_enough(value: bytes, separators: bytes, masked: bytes) -> None:
    assert apply("partial", value, "x", separators, KEY) == partial(value, separators) == masked


def test_a_label_says_the_kind_only() -> None:
    assert apply("label", b"4111", "credit_card", b"", KEY) == label("credit_card") == b"[MASKED:CREDIT_CARD]"


def test_a_pseudonym_has_the_shape_of_the_value() -> None:
    value = b"Ada.Lovelace-1815@example.com \xc3\xa9"
    masked = apply("pseudonym", value, "email", b"", KEY)
    assert masked == pseudonym(value, "email", KEY) != value
    for old, new in zip(value, masked, strict=True):
        assert chr(old).isupper() == chr(new).isupper() or old > 127
        assert chr(old).isdigit() == chr(new).isdigit()
        assert old == new or chr(old).isalnum() or old > 127
    assert masked.endswith(b" **")


def test_a_pseudonym_is_of_the_value_the_kind_and_the_key() -> None:
    value = b"4111 1111 1111 1111"
    assert pseudonym(value, "x", KEY) == pseudonym(value, "x", KEY)
    others = [pseudonym(value, "y", KEY), pseudonym(value, "x", b"j" * 32), pseudonym(value[:-1] + b"2", "x", KEY)]
    assert pseudonym(value, "x", KEY) not in others
    assert pseudonym(value, "x", KEY).replace(b" ", b"-") == pseudonym(value.replace(b" ", b"-"), "x", KEY)


@pytest.mark.parametrize("number", range(40))
def test_a_pseudonym_is_never_valid(number: int) -> None:
    key = bytes([number]) * 32
    assert not validators.luhn(pseudonym(b"4111111111111111", "credit_card", key))
    assert not validators.ssn(pseudonym(b"643-58-8268", "us_ssn", key).replace(b"-", b""))
    assert validators.mod97(pseudonym(b"GB82WEST12345698765432", "iban", key)) != 1
    assert not validators.e164(pseudonym(b"+12066252400", "phone", key)[1:])


def test_a_long_value_has_a_pseudonym_throughout() -> None:
    assert len(set(pseudonym(b"a" * 4096, "x", KEY))) > 20
    assert pseudonym(b"--", "credit_card", KEY) == b"--"


def test_every_strategy_has_its_place() -> None:
    assert STRICTEST == ("redact", "label", "pseudonym", "partial")  # CONTRACTS: how rules are joined
