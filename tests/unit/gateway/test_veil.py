"""A session's texts as they are shown and written."""

import pytest
from structlog.testing import capture_logs

from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway import veil as module
from jumphost.gateway.veil import LONG, Veil
from jumphost.masking.custom import Custom, encode

CARD, STARS = "4111 1111 1111 1111", "**** **** **** ****"
HIDING = "echo '-----BEGIN PRIVATE KEY-----'; rm -rf /"


def test_every_detector_or_those_of_the_site() -> None:
    assert Veil().text(f"{CARD} ada@example.com") == f"{STARS} ***************"
    assert Veil(["email"]).text(f"{CARD} ada@example.com") == f"{CARD} ***************"


def test_the_sites_own_detectors_count_from_the_judgement_on() -> None:
    veil = Veil()
    assert veil.text("EMP-1234") == "EMP-1234"
    veil.know(encode([Custom(name="staff", pattern="EMP-[0-9]{4}", length=8)]))
    assert veil.text("EMP-1234") == "********"


@pytest.mark.parametrize("length", [0, LONG + 1])
async def test_what_was_prepared_is_not_masked_again(length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    veil, text = Veil(), "x" * length + " " + CARD
    await veil.prepare(text)
    monkeypatch.setattr(module, "veiled", lambda *_: 1 / 0)
    await veil.prepare(text)
    assert veil.text(text) == "x" * length + " " + STARS


@pytest.mark.parametrize("text", [CARD, CARD * LONG])
async def test_what_cannot_be_masked_is_not_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise ValueError(CARD)

    monkeypatch.setattr(module, "veiled", failing)
    with pytest.raises(Unavailable) as caught:
        await Veil().prepare(text)
    assert (caught.value.code, caught.value.detail) == (Code.MASK_FAILED, "ValueError")
    with capture_logs() as logs:
        assert Veil().text(text) == ""
    assert CARD not in str(logs)


async def test_people_are_not_shown_what_they_could_not_judge() -> None:
    veil = Veil()
    assert await veil.for_people(f"pay {CARD}") == f"pay {STARS}"
    assert veil._known == {}  # a session that is held keeps no second copy
    with pytest.raises(Refused, match="nobody can approve it") as caught:
        await Veil().for_people(HIDING)
    assert caught.value.code is Code.COMMAND_UNPARSED
    assert "rm -rf" not in Veil().text(HIDING)  # the trail has it all the same


def test_input_is_recorded_byte_for_byte_but_for_values() -> None:
    assert Veil().data(b"\xff" + CARD.encode() + b"\0") == b"\xff" + STARS.encode() + b"\0"
