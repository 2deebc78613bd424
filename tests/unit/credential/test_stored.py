"""Secrets that the gateway holds: the contract of providers, and files that are not what they should be."""

import hmac
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pyrage
import pytest

from jumphost.credential.base import Material
from jumphost.credential.stored import StoredProvider, put
from jumphost.errors import Unavailable
from jumphost.masking.exact import LEAST, MOST
from jumphost.secret import Secret
from jumphost.testing.provider_contracts import IRREVOCABLE, Bench, issued

TOKEN = b"tok-0123456789abcdef\n"


class Wrong(Exception):
    pass


class Visitor:
    async def ask(self) -> None: ...

    async def close(self) -> None: ...


class StoredBench:
    refusals = (Wrong,)

    def __init__(self, folder: Path) -> None:
        put(folder / "token.age", folder / "identity", Secret(TOKEN))
        self.provider = StoredProvider(folder / "token.age", folder / "identity")
        self.astray = StoredProvider(folder / "none.age", folder / "identity")

    async def enter(self, material: Material) -> Visitor:
        secret = material["secret"]
        assert isinstance(secret, Secret)
        if not hmac.compare_digest(secret.reveal(), TOKEN):
            raise Wrong
        return Visitor()


@pytest.mark.parametrize("check", IRREVOCABLE, ids=lambda check: check.__name__)
async def test_contract(tmp_path: Path, check: Callable[[Bench], Awaitable[None]]) -> None:
    await check(StoredBench(tmp_path))


def test_the_files_are_the_gateways_alone_and_say_nothing(tmp_path: Path) -> None:
    StoredBench(tmp_path)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert TOKEN.strip() not in path.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"token.age", "identity"}


async def test_any_age_reads_it_and_writes_it(tmp_path: Path) -> None:
    bench = StoredBench(tmp_path)
    line = (tmp_path / "identity").read_text().splitlines()[1]
    identity = pyrage.x25519.Identity.from_str(line)
    assert pyrage.decrypt((tmp_path / "token.age").read_bytes(), [identity]) == TOKEN
    (tmp_path / "token.age").write_bytes(pyrage.encrypt(b"another secret", [identity.to_public()]))
    secret = (await issued(bench.provider)).secret("secret")
    assert secret.reveal() == b"another secret"


async def test_another_one_is_what_the_next_command_gets(tmp_path: Path) -> None:
    bench = StoredBench(tmp_path)
    before = (tmp_path / "identity").read_text()
    put(tmp_path / "token.age", tmp_path / "identity", Secret(b"changed-by-hand"))
    assert (await issued(bench.provider)).secret("secret").reveal() == b"changed-by-hand"
    assert (tmp_path / "identity").read_text() == before


@pytest.mark.parametrize("size", [0, LEAST - 1, MOST + 1])
def test_what_cannot_be_masked_is_not_stored(tmp_path: Path, size: int) -> None:
    with pytest.raises(ValueError, match=f"got {size} bytes"):
        put(tmp_path / "token.age", tmp_path / "identity", Secret(b"x" * size + b"\n" * 20))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "data", "said"),
    [
        ("identity", b"", "got no identity in"),
        ("identity", b"# only\n", "got no identity in"),
        ("identity", b"AGE-SECRET-KEY-1XX\n", "got another line in"),
        ("identity", b"\xff", "got another line in"),
        ("identity", f"{pyrage.x25519.Identity.generate()}\n".encode(), "is not encrypted by age for"),
        ("token.age", b"", "is not encrypted by age for"),
        ("token.age", TOKEN, "is not encrypted by age for"),
    ],
    ids=["no identity", "a comment", "no key", "no text", "another identity", "nothing", "in the clear"],
)
async def test_a_file_that_is_something_else(tmp_path: Path, file: str, data: bytes, said: str) -> None:
    bench = StoredBench(tmp_path)
    (tmp_path / file).write_bytes(data)
    with pytest.raises(Unavailable) as failed:
        await issued(bench.provider)
    assert said in failed.value.detail
    assert "XX" not in repr((failed.value, failed.value.detail))


async def test_one_byte_of_it_changed(tmp_path: Path) -> None:
    bench = StoredBench(tmp_path)
    data = bytearray((tmp_path / "token.age").read_bytes())
    data[-1] ^= 1
    (tmp_path / "token.age").write_bytes(data)
    with pytest.raises(Unavailable, match="the stored secret cannot be used"):
        await issued(bench.provider)


async def test_an_identity_that_is_gone(tmp_path: Path) -> None:
    bench = StoredBench(tmp_path)
    (tmp_path / "identity").unlink()
    with pytest.raises(Unavailable) as failed:
        await issued(bench.provider)
    assert failed.value.detail == f"{tmp_path}/identity cannot be read: No such file or directory"
