"""Checksums and ranges, with published examples."""

import pytest

from jumphost.masking import validators

CARDS = [  # the networks' and processors' published test numbers
    b"4111111111111111",
    b"4222222222222",
    b"4012888888881881",
    b"5555555555554444",
    b"5105105105105100",
    b"2223003122003222",
    b"378282246310005",
    b"371449635398431",
    b"30569309025904",
    b"38520000023237",
    b"6011111111111117",
    b"6011000990139424",
    b"3530111333300000",
    b"6200000000000005",
    b"6759649826438453",
]


@pytest.mark.parametrize("number", CARDS)
def test_a_card_number(number: bytes) -> None:
    assert validators.luhn(number)
    assert validators.card(number)
    assert not validators.card(number[:-1] + bytes([48 + (number[-1] - 48 + 1) % 10]))


@pytest.mark.parametrize(
    "number", [b"7111111111111117", b"411111111111116", b"1" * 16, b"0" * 16, b"", b"4", b"41111111111111111111"]
)
def test_no_card_number(number: bytes) -> None:
    assert not validators.card(number)


@pytest.mark.parametrize(
    "iban",
    [b"GB82WEST12345698765432", b"DE89370400440532013000", b"NO9386011117947", b"MT84MALT011000012345MTLCAST001S"],
)
def test_mod97(iban: bytes) -> None:
    assert validators.mod97(iban) == 1
    assert validators.mod97(iban[:-1] + b"9") != 1
    assert validators.IBAN_LENGTHS[iban[:2].decode()] == len(iban)


@pytest.mark.parametrize(
    ("digits", "may"),
    [
        (b"643588268", True),
        (b"001010001", True),
        (b"899999999", True),
        (b"000588268", False),
        (b"666588268", False),
        (b"900588268", False),
        (b"999588268", False),
        (b"643008268", False),
        (b"643580000", False),
    ],
)
def test_ssn(digits: bytes, may: bool) -> None:
    assert validators.ssn(digits) is may


@pytest.mark.parametrize(
    ("digits", "may"),
    [
        (b"2066252400", True),
        (b"1066252400", False),
        (b"0066252400", False),
        (b"2961252400", False),
        (b"9116252400", False),
        (b"2061252400", False),
        (b"2069112400", False),
        (b"2222222222", False),
    ],
)
def test_nanp(digits: bytes, may: bool) -> None:
    assert validators.nanp(digits) is may


@pytest.mark.parametrize(
    ("digits", "may"),
    [
        (b"12066252400", True),
        (b"1206625240", False),
        (b"120662524001", False),
        (b"442079460958", True),
        (b"4915112345678", True),
        (b"918123452979", True),
        (b"358401234567", True),
        (b"9991234567", False),
        (b"8613123456789", True),
        (b"35212345", False),
        (b"2991234567", True),
        (b"44207", False),
        (b"33111111111", False),
        (b"", False),
    ],
)
def test_e164(digits: bytes, may: bool) -> None:
    assert validators.e164(digits) is may


def test_no_country_code_begins_with_another() -> None:
    codes = validators._COUNTRY_CODES
    assert set(validators._NATIONAL_OF) <= codes
    assert not [(one, other) for one in codes for other in codes if one != other and other.startswith(one)]
