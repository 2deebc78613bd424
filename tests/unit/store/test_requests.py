import base64
import sqlite3
from pathlib import Path

import pytest

from jumphost.errors import Code, Refused, Unavailable
from jumphost.store.requests import Requests

DOCUMENT = b'{"command":{"raw":"psql -c canary"}}'


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "requests_key"
    path.write_bytes(base64.b64encode(b"k" * 32) + b"\n")
    return path


@pytest.fixture
async def requests(tmp_path: Path, key_file: Path):
    opened = Requests.open(tmp_path / "requests.db", key_file=key_file)
    yield opened
    await opened.close()


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


async def test_put_then_get(requests: Requests) -> None:
    await requests.put("a", DOCUMENT)
    assert await requests.get("a") == DOCUMENT
    assert await requests.get("b") is None


async def test_an_id_is_taken_once(requests: Requests) -> None:
    await requests.put("a", DOCUMENT)
    with pytest.raises(sqlite3.IntegrityError):
        await requests.put("a", b"another")
    assert await requests.get("a") == DOCUMENT


async def test_nothing_of_it_is_on_disk(requests: Requests, tmp_path: Path) -> None:
    await requests.put("a", DOCUMENT)
    await requests.put("b", DOCUMENT)
    await requests.close()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"canary" not in stored


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE request SET sealed = zeroblob(length(sealed)) WHERE id = 'a'",
        "UPDATE request SET nonce = zeroblob(12) WHERE id = 'a'",
        "UPDATE request SET id = CASE id WHEN 'a' THEN 'c' ELSE 'a' END",  # another's document under this id
    ],
)
async def test_a_changed_row_does_not_open(requests: Requests, tmp_path: Path, statement: str) -> None:
    await requests.put("a", DOCUMENT)
    await requests.put("b", DOCUMENT)
    change(tmp_path / "requests.db", statement)
    with pytest.raises(Refused, match="the document of a does not open") as refused:
        await requests.get("a")
    assert refused.value.code is Code.REQUEST_INVALID


async def test_another_key_opens_nothing(requests: Requests, tmp_path: Path, key_file: Path) -> None:
    await requests.put("a", DOCUMENT)
    await requests.close()
    key_file.write_bytes(base64.b64encode(b"x" * 32))
    other = Requests.open(tmp_path / "requests.db", key_file=key_file)
    with pytest.raises(Refused):
        await other.get("a")
    await other.close()


@pytest.mark.parametrize("content", [b"", base64.b64encode(b"k" * 31), b"no base64!"])
def test_what_is_no_key(tmp_path: Path, key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    with pytest.raises(Unavailable):
        Requests.open(tmp_path / "requests.db", key_file=key_file)
    assert not (tmp_path / "requests.db").exists()


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        Requests.open(tmp_path / "requests.db", key_file=tmp_path / "none")
