"""Whatever bytes come in whatever chunks: every line is one, and the bytes come back."""

from collections import defaultdict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from jumphost.recording.asciicast import STDERR, STDIN, STDOUT, Encoder, Event, Header, Newline, pieces

# text cut anywhere, CR and LF, and bytes that are no text: what decoders trip over
CHUNK = st.one_of(
    st.binary(max_size=12),
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\xc3", b"\xa9", b"\xe2\x82", b"\xac", b"\xf0\x9f", b"\x98\x80", b"\xff"]),
    st.text(max_size=6).map(lambda text: text.encode()),
)


@given(st.lists(st.tuples(st.sampled_from([STDIN, STDOUT, STDERR]), CHUNK)), st.sampled_from(["crlf", "as-is"]))
def test_the_bytes_of_every_stream_come_back(chunks: list[tuple[int, bytes]], newline: Newline) -> None:
    encoder = Encoder(newline)
    lines, sent = b"", defaultdict(bytes)
    for time, (stream, chunk) in enumerate(chunks):
        lines += encoder.input(time, chunk) if stream == STDIN else encoder.output(time, chunk, stream)
        sent[stream] += chunk
    lines += encoder.finish(len(chunks))

    events = [msgspec.json.decode(line, type=Event) for line in lines.split(b"\n")[:-1]]
    back = defaultdict(bytes)
    for piece in pieces(Header(version=2, width=80, height=24, jumphost={"newline": newline}), events):
        back[piece.stream] += piece.chunk
    assert back == {stream: data for stream, data in sent.items() if data}
    assert [event.time for event in events] == sorted(event.time for event in events)
