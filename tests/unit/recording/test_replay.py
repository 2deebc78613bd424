from pathlib import Path

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.recording.asciicast import Event
from jumphost.recording.replay import Cast, play

HEADER = b'{"version":2,"width":80,"height":24,"jumphost":{"newline":"crlf"}}\n'
WHOLE = (
    HEADER
    + b'[0.0,"m","x"]\n[0.5,"o","a\\r\\n"]\n[1.0,"s","2"]\n[1.0,"o","\xef\xbf\xbd\\u001b[2J"]\n[1.0,"b","/xtbMko="]\n'
)


def cast(tmp_path: Path, content: bytes) -> Cast:
    path = tmp_path / "s.cast"
    path.write_bytes(content)
    return Cast(path)


def test_what_a_player_draws(tmp_path: Path) -> None:
    assert list(cast(tmp_path, WHOLE).output()) == [(0.5, "a\r\n"), (1.0, "\ufffd\x1b[2J")]


def test_what_was_said(tmp_path: Path) -> None:
    assert list(cast(tmp_path, WHOLE).text(lambda text: text.replace("\x1b", "ESC"))) == [
        (0.5, "a\n"),
        (1.0, "\\xffESC[2J"),
    ]


def test_input_is_not_part_of_the_text(tmp_path: Path) -> None:
    assert list(cast(tmp_path, HEADER + b'[0.0,"i","secret"]\n').text(str)) == []


@pytest.mark.parametrize("torn", [b"", b"[", b'[2.0,"o","half', b'[2.0,"o","x"]'])
def test_a_torn_end_is_left_out(tmp_path: Path, torn: bytes) -> None:
    whole, damaged = cast(tmp_path, WHOLE), cast(tmp_path, WHOLE + torn)
    assert list(damaged.events())[-1] == Event(1.0, "b", "/xtbMko=")
    assert b"".join(damaged.lines()) == b"".join(whole.lines())


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "line 1: "),
        (HEADER[:-1], "line 1: "),
        (b"{}\n", "line 1: .*version"),
        (b'{"version":3,"width":1,"height":1}\n', "version 3, expected 2"),
    ],
)
def test_what_is_no_header(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(Unavailable, match=why):
        cast(tmp_path, content).header()


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="line 3: ") as refused:
        list(cast(tmp_path, HEADER + b'[0.0,"m","x"]\nnonsense\n').events())
    assert refused.value.code is Code.RECORDING_FAILED


def test_a_recording_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        Cast(tmp_path / "none.cast").header()


def played(**options: float) -> list[object]:
    log: list[object] = []
    play([(1.0, "a"), (1.5, "b"), (11.5, "c"), (11.0, "d")], log.append, log.append, **options)
    return log


def test_it_plays_at_its_own_pace() -> None:
    assert played() == [1.0, "a", 0.5, "b", 10.0, "c", 0.0, "d"]


def test_it_plays_faster_and_without_long_pauses() -> None:
    assert played(speed=2.0, idle_limit=3.0) == [0.5, "a", 0.25, "b", 1.5, "c", 0.0, "d"]
