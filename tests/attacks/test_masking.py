"""Commands that try to have a value pass: cut into chunks, dressed in control sequences, or held back by a flood."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jumphost.gateway import masked
from jumphost.masking import stream
from jumphost.model.mask import Mask
from jumphost.testing.session import House, house, owing

CARD = "4111 1111 1111 1111"


@pytest.fixture
async def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(stream, "IDLE_S", 60.0)  # on a busy machine a short pause of a command may take long
    async with house(tmp_path) as made:
        owing(made.engine, mask=Mask({"*": "redact"}))
        yield made


async def printed(here: House, script: str) -> str:
    done = await here.run(script)
    assert done.exit_status == 0
    [opened] = await here.events("recording.open")
    _, *lines = (here.site.recordings / opened["recording"]).read_text().splitlines()
    assert "1111" not in "".join(data for _, code, data in map(json.loads, lines) if code == "o")
    return str(done.stdout)


@pytest.mark.parametrize("at", range(1, len(CARD)))
async def test_cut_into_two_writes(here: House, at: int) -> None:
    got = await printed(here, f"printf 'a {CARD[:at]}'; sleep 0.02; printf '{CARD[at:]} b'")
    assert got == "a **** **** **** **** b"


async def test_every_digit_a_write_of_its_own(here: House) -> None:
    got = await printed(here, "for digit in 4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1; do printf $digit; done; echo")
    assert got == "*" * 16 + "\n"


@pytest.mark.parametrize("colour", [r"\033[31m", r"\033[0m\033[1m", r"\033]0;x\007"])
async def test_control_sequences_within_a_value_cut_into_writes(here: House, colour: str) -> None:
    got = await printed(here, f"printf '4111 11{colour}'; sleep 0.02; printf '11 1111 {colour}1111\\n'")
    assert "1" not in got.replace("[31m", "").replace("[1m", "")
    assert got.count("*") == 16


async def test_a_control_sequence_cut_in_the_middle(here: House) -> None:
    got = await printed(here, r"printf '4111 11\033['; sleep 0.02; printf '31m11 1111 1111\n'")
    assert got == "**** **\x1b[31m** **** ****\n"


async def test_a_value_in_the_title_of_a_window(here: House) -> None:
    got = await printed(here, rf"printf '\033]0;{CARD}\007x\n'")
    assert CARD not in got
    assert got.endswith("\x07x\n")


@pytest.mark.parametrize("turn", [0, 10])
async def test_a_value_behind_a_flood(here: House, turn: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masked, "TURN_S", turn)
    got = await printed(here, f"yes a@b | head -c 300000; echo {CARD}; yes a@b | head -c 300000; echo {CARD}")
    assert "4111" not in got
    assert len(got) == 2 * (300_000 + len(CARD) + 1)


async def test_an_endless_value_ends_the_session_or_is_masked(here: House) -> None:
    done = await here.run("printf 'password: '; head -c 3000000 /dev/zero | tr '\\0' x; echo")
    assert set(done.stdout) <= set("password: *\n")
    assert done.exit_status in (0, 70)


HIDING = {
    "after much text": "yes plain | head -n 20000; printf '%s' CARD | gzip -c",
    "a byte a write": "printf '%s' CARD | gzip -c | dd bs=1 2>/dev/null",
    "without its first bytes": "seq 4111111111111000 4111111111111400 | gzip -c | tail -c +4",
    "on the other stream": "printf '%s' CARD | gzip -c >&2",
    "two bytes a character": "printf '%s' CARD | iconv -t UTF-16LE; seq 99 | iconv -t UTF-16LE",
    "of a kind that is not let": "printf '%s' CARD | bzip2 -c",
}


@pytest.mark.parametrize("how", HIDING)
async def test_a_value_in_what_nobody_can_look_into(here: House, how: str) -> None:
    owing(here.engine, mask=Mask({"*": "redact"}, opaque=("zip", "xz")))
    async with await here.caller() as caller:
        done = await caller.run(HIDING[how].replace("CARD", f"'{CARD}'"), encoding=None)
    assert (done.exit_status, b"cut mask.opaque: " in bytes(done.stderr or b"")) == (77, True)
    came = bytes(done.stdout or b"").replace(b"plain\n", b"")
    assert len(came) < 200  # what came before it was known to be no text
    assert b"4\x001\x001\x001\x00 \x001\x001\x001\x001" not in came
