import base64

import msgspec
import pytest

from jumphost.recording.asciicast import STDERR, STDIN, STDOUT, Encoder, Event, Header, Piece, line, pieces

PLAIN = Header(version=2, width=80, height=24)
CRLF = Header(version=2, width=80, height=24, jumphost={"newline": "crlf"})


def events(lines: bytes) -> list[Event]:
    return [msgspec.json.decode(each, type=Event) for each in lines.splitlines()]


def test_a_header_says_only_what_is_known() -> None:
    assert line(PLAIN) == b'{"version":2,"width":80,"height":24}\n'
    assert PLAIN.newline == "as-is"
    assert CRLF.newline == "crlf"


def test_text_is_one_line() -> None:
    assert Encoder("as-is").output(1.23456789, "é\n".encode(), STDOUT) == '[1.234568,"o","é\\n"]\n'.encode()


def test_without_a_terminal_lines_end_as_players_need_them() -> None:
    assert events(Encoder("crlf").output(0, b"a\nb\r\n", STDOUT)) == [Event(0, "o", "a\r\nb\r\r\n")]
    assert list(pieces(CRLF, [Event(0, "o", "a\r\nb\r\r\n")])) == [Piece(0, STDOUT, b"a\nb\r\n")]


def test_a_character_in_two_chunks_is_one() -> None:
    encoder = Encoder("as-is")
    assert encoder.output(0, b"\xc3", STDOUT) == b""
    assert events(encoder.output(1, b"\xa9", STDOUT)) == [Event(1, "o", "é")]
    assert encoder.finish(2) == b""


def test_each_stream_has_its_own_unfinished_character() -> None:
    encoder = Encoder("as-is")
    lines = encoder.output(0, b"\xc3", STDOUT) + encoder.output(0, b"\xe2\x82", STDERR)
    lines += encoder.output(1, b"\xa9", STDOUT) + encoder.output(1, b"\xac", STDERR)
    assert events(lines) == [Event(1, "o", "é"), Event(1, "s", "2"), Event(1, "o", "€")]


def test_a_stream_is_named_when_it_changes() -> None:
    encoder = Encoder("as-is")
    lines = b"".join(encoder.output(0, b"x", stream) for stream in (STDOUT, STDERR, STDERR, STDOUT))
    assert [(event.code, event.data) for event in events(lines)] == [
        ("o", "x"), ("s", "2"), ("o", "x"), ("o", "x"), ("s", "1"), ("o", "x"),
    ]  # fmt: skip


@pytest.mark.parametrize("raw", [b"a\xffb", b"\xc3(", b"\xed\xa0\x80"])
def test_bytes_that_are_no_text_are_kept_beside_it(raw: bytes) -> None:
    shown, exact = events(Encoder("as-is").output(0, raw, STDOUT))
    assert (shown.code, exact.code) == ("o", "b")
    assert "\ufffd" in shown.data
    assert base64.b64decode(exact.data) == raw


def test_a_replacement_character_that_was_there_is_text() -> None:
    assert events(Encoder("as-is").output(0, "\ufffd".encode(), STDOUT)) == [Event(0, "o", "\ufffd")]


def test_what_stays_unfinished_is_kept_at_the_end() -> None:
    encoder = Encoder("as-is")
    encoder.output(0, b"\xe2\x82", STDERR)
    assert events(encoder.finish(1)) == [
        Event(1, "s", "2"),
        Event(1, "o", "\ufffd"),
        Event(1, "b", base64.b64encode(b"\xe2\x82").decode()),
    ]


def test_input_switches_no_stream_and_changes_no_line() -> None:
    encoder = Encoder("crlf")
    lines = encoder.input(0, b"q\n") + encoder.output(0, b"x", STDOUT)
    assert events(lines) == [Event(0, "i", "q\n"), Event(0, "o", "x")]
    assert list(pieces(CRLF, events(lines))) == [Piece(0, STDIN, b"q\n"), Piece(0, STDOUT, b"x")]


def test_the_other_lines() -> None:
    encoder = Encoder("as-is")
    lines = (
        encoder.marker(0, "start") + encoder.resize(1, 100, 40) + encoder.decision(2, '{"a":1}') + encoder.exit(3, 7)
    )
    assert events(lines) == [
        Event(0, "m", "start"),
        Event(1, "r", "100x40"),
        Event(2, "d", '{"a":1}'),
        Event(3, "x", "7"),
    ]
    assert list(pieces(PLAIN, events(lines))) == []


def test_exact_bytes_without_what_they_stand_for_are_passed_over() -> None:
    assert list(pieces(PLAIN, [Event(0, "b", "eA=="), Event(1, "o", "y")])) == [Piece(1, STDOUT, b"y")]
