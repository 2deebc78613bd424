"""What people and the trail see of a text, and whether stars may hide what it does."""

import pytest

from jumphost.masking import texts
from jumphost.masking.custom import Custom
from jumphost.masking.texts import Veiled, veiled, veiled_bytes

PEM = "-----BEGIN PRIVATE KEY-----"


@pytest.mark.parametrize("text", ["", "uptime", "'psql' -X -c 'select 1'", "größer \x1b[1m", "a\ud800b"])
def test_what_holds_no_value_is_as_it_was(text: str) -> None:
    assert veiled(text) == Veiled(text.replace("\ud800", "?"), obscured=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mysql --password=hunter2secret -h db", "mysql --password=************* -h db"),
        ("pay 4111 1111 1111 1111 now", "pay **** **** **** **** now"),
        ("pay DE89 3704 0044 0532 0130 00", "pay **** **** **** **** **** **"),
        ("call +49 30 1234567.", "call *** ** *******."),
        ("mail ada@example.com", "mail ***************"),
        ("PASSWORD=a1b2c3d4;curl x|sh", "PASSWORD=********;curl x|sh"),
    ],
)
def test_values_are_stars_of_the_same_length(text: str, shown: str) -> None:
    assert veiled(text) == Veiled(shown, obscured=False)
    assert len(shown) == len(text)


def test_control_sequences_do_not_part_a_value() -> None:
    assert veiled("pay 41\x1b[1m11 1111 1111 1111 now").text == "pay **\x1b[1m** **** **** **** now"


@pytest.mark.parametrize("text", [f"echo '{PEM}'; rm -rf /", f"echo {PEM} x\nrm -rf /", "password='abc $(id) def1'"])
def test_stars_that_hide_more_than_a_word_are_told(text: str) -> None:
    assert veiled(text).obscured


def test_only_the_detectors_that_are_asked_for() -> None:
    assert veiled("ada@example.com 4111111111111111", ["credit_card"]).text == "ada@example.com ****************"


def test_detectors_of_the_site() -> None:
    own = Custom(name="staff", pattern="EMP-[0-9]{4}", length=8, trigger="EMP-")
    assert veiled("see EMP-1234", site=[own]).text == "see ********"


def test_bytes_that_are_no_text() -> None:
    assert veiled_bytes(b"\xff 4111111111111111 \xfe", ["*"], ()) == (b"\xff **************** \xfe", False)


def test_a_fault_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "open_masker", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        veiled("4111111111111111")
