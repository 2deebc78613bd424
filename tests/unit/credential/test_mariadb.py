"""Users of one command on a real MariaDB: the contract of providers, and what a user may do and leave."""

import asyncio
import dataclasses
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pymysql
import pytest
from msgspec.structs import replace

from jumphost.command import leased
from jumphost.credential.base import Material, Recipient
from jumphost.credential.delivery.file import FileDelivery
from jumphost.credential.delivery.proxy import ProxyDelivery
from jumphost.credential.mariadb import digest
from jumphost.errors import Code, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.testing.mariadb import ADMIN, PROOF, TEMPLATE, Books, Visitor, books
from jumphost.testing.provider_contracts import PROVIDER, Bench, issued, planned
from jumphost.testing.site import open_folder
from jumphost.testing.sshd import free_port
from jumphost.testing.tls import certificate


class MariaDbBench:
    refusals = (pymysql.Error, OSError)

    def __init__(self, server: Books) -> None:
        self.provider = server.provider()
        self.astray = server.provider(host="/nonexistent/socket")

    async def enter(self, material: Material) -> Visitor:
        return await Visitor.enter(material)


@pytest.fixture(scope="module")
def server() -> Iterator[Books]:
    port = free_port()
    try:
        with open_folder() as folder:
            public, private = certificate(folder, "db")
            private.chmod(0o644)
            tls = (f"ssl-cert={public}", f"ssl-key={private}")
            with books((*tls, "skip-networking=0", "bind-address=127.0.0.1", f"port={port}")) as made:
                yield dataclasses.replace(made, source=replace(made.source, port=port, ca=str(public)))
    except LookupError as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize("check", PROVIDER, ids=lambda check: check.__name__)
async def test_contract(server: Books, check: Callable[[Bench], Awaitable[None]]) -> None:
    await check(MariaDbBench(server))


async def test_it_has_the_grants_of_the_template_and_no_more(server: Books) -> None:
    minted = await issued(server.provider())
    visit = await Visitor.enter(minted.material)
    await visit.ask()
    for text in (
        "UPDATE bank.cards SET amount = 0",
        "SELECT * FROM bank.accounts",
        "SELECT * FROM mysql.user",
        "CREATE DATABASE mine",
        "CREATE USER other",
        f"GRANT {TEMPLATE} TO {ADMIN}",
        "CREATE EVENT bank.e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    ):
        with pytest.raises(pymysql.Error, match=r"(?i)denied"):
            await visit.do(text)
    await visit.close()
    await server.provider().revoke(minted.lease)


async def test_the_server_sees_no_password(server: Books) -> None:
    minted = await issued(server.provider())
    password = minted.secret("password").reveal()
    await server.provider().revoke(minted.lease)
    log = server.log.read_text()
    assert minted.lease.subject in log
    assert password.decode() not in log
    inner = hashlib.sha1(password).digest()
    assert digest(password) == "*" + hashlib.sha1(inner).hexdigest().upper()


async def test_a_lease_has_few_sessions(server: Books) -> None:
    minted = await issued(server.provider(connections=1))
    visit = await Visitor.enter(minted.material)
    with pytest.raises(pymysql.Error, match="max_user_connections"):
        await Visitor.enter(minted.material)
    await visit.close()
    await server.provider().revoke(minted.lease)


async def test_a_statement_that_runs_is_ended(server: Books) -> None:
    minted = await issued(server.provider())
    visit = await Visitor.enter(minted.material)

    async def sleep() -> None:
        with pytest.raises(pymysql.Error):
            await visit.do("SELECT sleep(60), count(*) FROM bank.cards")

    running = asyncio.get_running_loop().create_task(sleep())
    while "sleep(60)" not in server.sql("SELECT info FROM information_schema.processlist WHERE info LIKE 'SELECT sl%'"):
        await asyncio.sleep(0.02)
    await server.provider().revoke(minted.lease)
    await running
    await visit.close()


@pytest.mark.parametrize("grant", ["EVENT ON bank.*", "CREATE VIEW ON bank.*", "SELECT ON *.*", "INSERT ON mysql.db"])
async def test_a_template_that_could_outlive_its_lease_makes_none(server: Books, grant: str) -> None:
    server.sql(f"CREATE ROLE inner_role; GRANT {grant} TO inner_role")
    server.sql(f"CREATE ROLE wide; GRANT inner_role TO wide; GRANT wide TO {ADMIN} WITH ADMIN OPTION")
    with pytest.raises(Unavailable, match="the MariaDB server") as failed:
        await issued(server.provider(template="wide"))
    assert failed.value.detail.startswith("the template wide ")
    assert await server.provider().left() == []
    server.sql("DROP ROLE wide, inner_role")


async def test_without_a_template_there_is_no_user(server: Books) -> None:
    for name in ("nobody", f"{TEMPLATE}`, root"):
        with pytest.raises(Unavailable) as failed:
            await issued(server.provider(template=name))
        assert failed.value.code is Code.CREDENTIAL_UNAVAILABLE
    assert await server.provider().left() == []


async def test_only_what_was_made_here_is_ended(server: Books) -> None:
    for subject in (TEMPLATE, ADMIN, "jumphost_0123abcd_x", "x'@'%", ""):
        with pytest.raises(Unavailable, match="the MariaDB server"):
            await server.provider().revoke(replace(planned(server.provider()), subject=subject))
    assert ADMIN in server.sql("SELECT user FROM mysql.user").split()


async def test_users_of_other_marks_are_not_ours(server: Books) -> None:
    other = f"jumphost_ffffffff_{'0' * 32}_00000000"
    server.sql(f"CREATE USER {other}")
    assert await server.provider().left() == []
    server.sql(f"DROP USER {other}")


async def test_who_is_cancelled_waits_for_what_was_begun(server: Books) -> None:
    """Else the user could be made after it was ended."""
    provider = server.provider()
    lease = planned(provider)
    making = asyncio.get_running_loop().create_task(provider.issue(lease))
    await asyncio.sleep(0)
    making.cancel()
    with pytest.raises(asyncio.CancelledError):
        await making
    await provider.revoke(lease)
    assert await provider.left() == []


async def test_an_admin_that_is_not_let_in(server: Books, tmp_path: Path) -> None:
    wrong = tmp_path / "file"
    for text in ("keeper:wrong\n", "keeper\n"):
        wrong.write_text(text)
        with pytest.raises(Unavailable) as failed:
            await server.provider(admin=str(wrong)).left()
        assert "wrong\n" not in failed.value.detail


async def test_another_machine_is_known_by_its_certificate(server: Books, tmp_path: Path) -> None:
    here = server.provider(host="127.0.0.1", ca=Path(server.source.ca))
    minted = await issued(here)
    with pytest.raises(pymysql.Error, match="denied"):
        await Visitor.enter({**minted.material, "host": server.source.host, "password": Secret(b"wrong")})
    await here.revoke(minted.lease)
    other, _ = certificate(tmp_path, "other")
    with pytest.raises(Unavailable) as failed:
        await server.provider(host="127.0.0.1", ca=other).left()
    assert "certificate verify failed" in failed.value.detail


@pytest.mark.parametrize("way", [b"mysql_clear_password", b"dialog", b"mysql_old_password", b"sha256_password"])
async def test_a_server_that_asks_for_the_password_gets_none(server: Books, way: bytes) -> None:
    heard = b""

    async def rogue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        greeting = b"\x0a5.5.5-10.11.1-MariaDB\0" + b"\1\0\0\0" + b"12345678\0" + b"\xfe\xf7\x08\2\0\xff\x81\x15"
        greeting += b"\0" * 10 + b"123456789012\0mysql_native_password\0"
        writer.write(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
        heard += await reader.readexactly(4)
        heard += await reader.readexactly(int.from_bytes(heard[:3], "little"))
        switch = b"\xfe" + way + b"\0" + b"\4Password: "
        writer.write(len(switch).to_bytes(3, "little") + b"\2" + switch)
        heard += await reader.read()
        writer.close()

    async with await asyncio.start_server(rogue, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable) as failed:
            await server.provider(host="127.0.0.1", port=port).left()
    assert failed.value.detail == "the server asks for more than a proof by mysql_native_password"
    assert ADMIN.encode() in heard
    assert PROOF.encode() not in heard


class TestDelivery:
    """By file, as the server's own client reads it; ``jumphost.credential.delivery.file``."""

    async def told(self, server: Books, ca: str, host: str) -> tuple[str, str]:
        """What the client answers and complains of, with the folder that a target makes."""
        here = server.provider(host="127.0.0.1", ca=Path(server.source.ca))
        minted = await issued(here)
        source = replace(server.source, host=host, ca=ca)
        named = replace(minted, lease=replace(minted.lease, name="books"))
        recipient = Recipient(minted.lease.request, "job", Target("here", ("app",), host="10.0.0.5"), "app")
        delivered = await FileDelivery({"books": source}, Path).prepare(named, recipient)
        assert delivered.file is not None
        assert [one.reveal() for one in delivered.secrets] == [minted.secret("password").reveal()]
        assert minted.secret("password").reveal().decode() not in repr(delivered.env)
        place = Path(leased.file(recipient.request))
        place.parent.mkdir(mode=0o700)
        try:
            place.write_bytes(delivered.file.reveal())
            env = {**delivered.env, "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
            asked = ["mariadb", "-NBe", "SELECT user(); SHOW STATUS LIKE 'Ssl_version'"]
            said = await asyncio.to_thread(subprocess.run, asked, env=env, capture_output=True, text=True)
        finally:
            shutil.rmtree(place.parent)
            await here.revoke(minted.lease)
        return said.stdout.replace(minted.lease.subject, "LEASE"), said.stderr

    async def test_clients_read_it(self, server: Books) -> None:
        said, wrong = await self.told(server, server.source.ca, "127.0.0.1")
        assert wrong == ""
        assert re.fullmatch(r"LEASE@\S+\nSsl_version\tTLSv1\.[23]\n", said)

    async def test_with_a_ca_another_server_is_not_believed(self, server: Books, tmp_path: Path) -> None:
        other, _ = certificate(tmp_path, "other")
        said, wrong = await self.told(server, str(other), "127.0.0.1")
        assert (said, "TLS/SSL error" in wrong) == ("", True)

    async def test_what_an_option_file_cannot_hold_is_refused(self, server: Books) -> None:
        with pytest.raises(ValueError, match="an option file can hold"):
            await self.told(server, "", "/tmp/a\n[mysql]\npager=sh")

    async def test_it_is_not_for_a_proxy(self, server: Books) -> None:
        recipient = Recipient("r", "job", Target("here", ("app",), host="10.0.0.5"), "app")
        minted = await issued(server.provider())
        named = replace(minted, lease=replace(minted.lease, name="books"))
        with pytest.raises(Refused) as failed:
            await ProxyDelivery({"books": server.source}, Path).prepare(named, recipient)
        assert failed.value.code is Code.POLICY_UNSUPPORTED
        await server.provider().revoke(minted.lease)
