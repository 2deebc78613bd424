import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from jumphost.command import leased
from jumphost.config.credentials import Postgres, Stored
from jumphost.credential.base import Delivered, Delivery, Minted, Recipient
from jumphost.credential.delivery.proxy import ProxyDelivery
from jumphost.errors import Code, JumphostError, Refused
from jumphost.model.lease import Lease
from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.testing.bank import DATABASE, LEASED, Bank

REQUEST = "01937fb2-5a00-7000-8000-0123456789ab"
TO = Recipient(REQUEST, "job", Target("here", ("app",), host="10.0.0.5"), "app")


def delivery(bank: Bank) -> Delivery:
    source = Postgres(
        host="127.0.0.1", port=bank.port, database=DATABASE, admin="admin", template="t", ca=bank.ca.name, connections=1
    )
    return ProxyDelivery({"ro": source}, lambda path: bank.ca.parent / path)


def minted(password: str | Secret) -> Minted:
    return Minted(Lease("", "postgres", LEASED, 0, name="ro"), {"user": LEASED, "password": password})


async def ask(delivered: Delivered, folder: Path, text: str) -> tuple[int | None, bytes]:
    """What psql says with what the command is given, at a socket in ``folder``."""
    assert delivered.socket is not None
    env: Mapping[str, str] = {**delivered.env, "PGHOST": str(folder), "PATH": "/usr/bin:/bin"}
    env = {name: value for name, value in env.items() if name != "PGREQUIREPEER"}
    async with await asyncio.start_unix_server(delivered.socket.serve, folder / Path(delivered.socket.path).name):
        pipe = asyncio.subprocess.PIPE
        client = await asyncio.create_subprocess_exec("psql", "-XqAt", "-c", text, env=env, stdout=pipe, stderr=pipe)
        out, err = await client.communicate()
        return client.returncode, out + err


async def test_what_the_command_gets_opens_the_database_and_holds_no_secret(bank: Bank, tmp_path: Path) -> None:
    delivered = await delivery(bank).prepare(minted(bank.password), TO)
    assert delivered.env == leased.postgres(REQUEST, kind="ssh", login="app", database=DATABASE)
    assert delivered.socket is not None
    assert delivered.socket.path == leased.socket(REQUEST)
    assert (delivered.secrets, delivered.file) == ((), None)
    assert bank.password.reveal().decode() not in repr((delivered.env, delivered.socket, vars(delivered)))
    assert await ask(delivered, tmp_path, "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()") == (
        0,
        f"{LEASED}|t\n".encode(),
    )
    await delivered.close()
    await delivered.close()
    assert (await ask(delivered, tmp_path, "select 1"))[0] == 2


async def test_a_password_in_the_open_is_a_fault(bank: Bank) -> None:
    way = delivery(bank)
    with pytest.raises(JumphostError) as caught:
        await way.prepare(minted("in the open"), TO)
    assert caught.value.code is Code.INTERNAL
    await (await way.prepare(minted(bank.password), replace(TO, identity="other"))).close()


async def test_what_is_no_server_has_no_sessions(tmp_path: Path) -> None:
    way = ProxyDelivery({"ro": Stored(secret="token.age")}, lambda path: tmp_path / path)
    with pytest.raises(Refused) as caught:
        await way.prepare(minted(Secret(b"x")), TO)
    assert caught.value.code is Code.POLICY_UNSUPPORTED
