import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from jumphost.credential.delivery import backend, pgwire
from jumphost.credential.delivery.backend import Place, Turned
from jumphost.credential.delivery.pgwire import Start
from jumphost.secret import Secret
from jumphost.testing.bank import DATABASE, LEASED, Bank
from jumphost.testing.tls import certificate

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


async def log_in(bank: Bank, place: Place, *, user: str = LEASED, password: Secret | None = None) -> None:
    streams = await backend.dial(place)
    try:
        opening = pgwire.session(Start(0, {b"user": b"x"}), user=user, database=DATABASE)
        await backend.log_in(streams, opening, user, password or bank.password)
    finally:
        await ended(streams[1])


async def ended(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def test_logs_in_by_the_socket_and_by_tcp(bank: Bank) -> None:
    await log_in(bank, bank.place)
    await log_in(bank, Place(host="127.0.0.1", port=bank.port))


async def test_logs_in_over_tls_bound_to_the_certificate(bank: Bank, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[str] = []
    initial = pgwire.sasl_initial
    monkeypatch.setattr(pgwire, "sasl_initial", lambda name, text: chosen.append(name) or initial(name, text))
    await log_in(bank, bank.over_tls)
    assert chosen == ["SCRAM-SHA-256-PLUS"]


@pytest.mark.parametrize("role", ["trusted", "spoken", "hashed"])
async def test_a_server_that_asks_for_less_is_refused(bank: Bank, role: str) -> None:
    for place in (bank.place, bank.over_tls):
        with pytest.raises(ValueError, match="expected SCRAM-SHA-256"):
            await log_in(bank, place, user=role)


async def test_a_wrong_password(bank: Bank) -> None:
    with pytest.raises(Turned) as turned:
        await log_in(bank, bank.place, password=Secret(b"wrong"))
    assert b"28P01" in turned.value.message


async def test_another_authority(bank: Bank, tmp_path: Path) -> None:
    other, _ = certificate(tmp_path, "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        await log_in(bank, replace(bank.over_tls, ca=str(other)))


async def test_another_name(bank: Bank) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="localhost"):
        await log_in(bank, replace(bank.over_tls, host="localhost"))


async def test_a_name_of_this_machine_is_no_address_of_it(bank: Bank) -> None:
    """What a name means is decided elsewhere: it needs TLS, and this machine's authorities do not know the server."""
    with pytest.raises(ssl.SSLCertVerificationError):
        await log_in(bank, Place(host="localhost", port=bank.port))


@pytest.mark.parametrize(
    ("place", "plain"),
    [
        (Place("/run/postgresql", 5432), True),
        (Place("127.0.0.1", 5432), True),
        (Place("::1", 5432), True),
        (Place("127.0.0.1", 5432, "ca.pem"), False),
        (Place("localhost", 5432), False),
        (Place("10.0.0.5", 5432), False),
        (Place("db.example", 5432), False),
    ],
)
def test_where_no_tls_is_needed(place: Place, plain: bool) -> None:
    assert place.plain == plain


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    over = asyncio.Event()

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            size = pgwire.start_size(await reader.readexactly(4))
            await reader.readexactly(size)
            talk(reader, writer)
            await reader.read()
        finally:
            await ended(writer)
            over.set()

    async with await asyncio.start_server(answered, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]
        await over.wait()


@pytest.mark.parametrize("answer", [b"N", b"E", b""])
async def test_a_server_without_tls(bank: Bank, answer: bytes) -> None:
    async with server(lambda _, writer: writer.write(answer) if answer else writer.close()) as port:
        with pytest.raises(ValueError, match="to the question for TLS"):
            await backend.dial(replace(bank.over_tls, port=port))


async def test_what_comes_in_the_clear_behind_the_yes_is_not_believed(bank: Bank) -> None:
    """CVE-2021-23222: a man in the middle puts messages before those that TLS protects."""
    injected = pgwire.message(b"R", bytes(4)) + pgwire.message(b"Z", b"I")
    async with server(lambda _, writer: writer.write(b"S" + injected)) as port:
        with pytest.raises(ssl.SSLError):
            await backend.dial(replace(bank.over_tls, port=port))


@pytest.mark.parametrize("sent", [b"R", b"R\0\0\0\x03", b"Z\0\0\0\x05I", b"S\xff\xff\xff\xff"])
async def test_servers_that_talk_nonsense(bank: Bank, sent: bytes) -> None:
    def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        writer.write_eof()

    async with server(talk) as port:
        with pytest.raises((ValueError, EOFError)):
            await log_in(bank, Place("127.0.0.1", port))


async def test_nobody_there(bank: Bank) -> None:
    for ca in ("", str(bank.ca)):
        with pytest.raises(ConnectionRefusedError):
            await backend.dial(Place("127.0.0.1", 1, ca))
