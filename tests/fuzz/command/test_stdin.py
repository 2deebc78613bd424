"""Any bytes for any reader: facts within bounds; never an exception, and never more certain than the bytes are."""

import hashlib

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command import received, stdin
from jumphost.command.facts import analyse
from jumphost.model.request import MAX_BYTES, Stdin

READERS = [
    *("cat", "sh", "bash -s", "zsh", "python3 -", "psql -X", "mysql shop", "sqlite3 x.db", "cat | sh", "sh; bash"),
    *("bash -c 'cat'", "bash < /tmp/x", "tr a b | psql", "echo $(bash)", "echo '", ""),
]
shell_like = st.text("ab \t\n'\"\\;|&<>()0123=-./{}[]!~#%$`*?é\0\r\u200b", max_size=60).map(str.encode)
sql_like = st.lists(st.sampled_from(["select", " 1", ";", "\n", "\\!", "'", "--", "/*", "é", "\0"])).map(
    lambda words: "".join(words).encode()
)
repeated = st.builds(
    lambda piece, times: piece * times,
    st.sampled_from([b"\xff", b'"', b"df\n", b"'", b"select 1;", b"\xe2\x80\xae"]),
    st.integers(1, 40_000),
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | shell_like | sql_like | repeated, st.sampled_from(READERS))
def test_any_bytes_for_any_reader(data: bytes, text: str) -> None:
    command = analyse(text.encode())
    found = stdin.facts(data, command, mode="judge")
    assert (found.kind, found.bytes) == (received.kind(command), len(data))
    assert found.sha256 == hashlib.sha256(data).hexdigest()
    if found.kind == "data":
        assert found == Stdin("judge", "data", len(data), found.sha256)
    elif received.shown(found):
        assert found.command.raw.encode() == data
    if found.kind == "code" and received.understood(found):
        assert found.command.raw.encode() == data
        assert (found.command.tier, found.command.opaque) == ("literal", ())
    if found.kind == "sql":
        assert found.command.sql
        assert all(sql.parse_ok for sql in found.command.sql) or not received.understood(found)
    document = msgspec.json.encode(found)
    assert len(document) < MAX_BYTES
    assert msgspec.json.decode(document, type=Stdin) == found
