import os
import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec.structs import replace

from jumphost.command import leased
from jumphost.config.credentials import Postgres, Redis, Stored
from jumphost.credential.base import Delivery, Minted, Recipient
from jumphost.credential.delivery.file import FileDelivery
from jumphost.errors import Code, Refused
from jumphost.model.lease import Lease
from jumphost.model.target import Target
from jumphost.secret import Secret
from jumphost.testing.bank import DATABASE, LEASED, Bank

SOURCE = Postgres(host="127.0.0.1", database=DATABASE, admin="admin", template="t")


def to() -> Recipient:
    return Recipient(str(uuid4()), "job", Target("here", ("app",), host="10.0.0.5"), "app")


def delivery(source: Postgres, folder: Path) -> Delivery:
    return FileDelivery({"ro": source}, lambda path: folder / path)


def minted(password: Secret, **lease: str) -> Minted:
    named = replace(Lease("", "postgres", LEASED, 0, name="ro"), **lease)
    return Minted(named, {"user": named.subject, "password": password})


@pytest.mark.parametrize("ca", [True, False])
async def test_clients_read_it(bank: Bank, ca: bool) -> None:
    source, recipient = replace(SOURCE, port=bank.port, ca=bank.ca.name if ca else ""), to()
    delivered = await delivery(source, bank.ca.parent).prepare(minted(bank.password), recipient)
    assert delivered.file is not None
    assert (delivered.socket, [one.reveal() for one in delivered.secrets]) == (None, [bank.password.reveal()])
    assert bank.password.reveal().decode() not in repr((delivered.env, vars(delivered)))
    place = Path(leased.file(recipient.request))
    place.parent.mkdir(mode=0o700)
    try:
        place.write_bytes(delivered.file.reveal())
        asked = "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()"
        env = {**delivered.env, "PATH": os.environ["PATH"]}
        said = subprocess.run(["psql", "-XqAt", "-c", asked], env=env, capture_output=True, text=True)
    finally:
        shutil.rmtree(place.parent)
    assert (said.stderr, said.stdout) == ("", f"{LEASED}|t\n")
    await delivered.close()


async def test_with_a_ca_another_server_is_not_believed(bank: Bank, tmp_path: Path) -> None:
    from jumphost.testing.tls import certificate

    other, _ = certificate(tmp_path, "other")
    recipient = to()
    source = replace(SOURCE, port=bank.port, ca=other.name)
    delivered = await delivery(source, tmp_path).prepare(minted(bank.password), recipient)
    assert delivered.file is not None
    place = Path(leased.file(recipient.request))
    place.parent.mkdir(mode=0o700)
    try:
        place.write_bytes(delivered.file.reveal())
        env = {**delivered.env, "PATH": os.environ["PATH"]}
        said = subprocess.run(["psql", "-XqAt", "-c", "select 1"], env=env, capture_output=True, text=True)
    finally:
        shutil.rmtree(place.parent)
    assert "certificate verify failed" in said.stderr


async def test_a_value_of_two_lines_is_refused_and_the_login_left_free(tmp_path: Path) -> None:
    way = delivery(SOURCE, tmp_path)
    with pytest.raises(ValueError, match="two lines"):
        await way.prepare(minted(Secret(b"x"), subject="a\nhost=evil"), to())
    await (await way.prepare(minted(Secret(b"x")), replace(to(), identity="other"))).close()


async def test_a_secret_that_is_all_there_is(tmp_path: Path) -> None:
    recipient, secret = to(), Secret(b"a line\nand another\n")
    way = FileDelivery({"ro": Stored(secret="token.age")}, lambda path: tmp_path / path)
    delivered = await way.prepare(Minted(Lease("", "stored", "s", 0, name="ro"), {"secret": secret}), recipient)
    assert delivered.file is secret
    assert [one.reveal() for one in delivered.secrets] == [secret.reveal()]
    assert delivered.env == {"JUMPHOST_CREDENTIAL_FILE": leased.file(recipient.request)}


async def test_clients_of_redis_read_no_file(tmp_path: Path) -> None:
    way = FileDelivery({"ro": Redis(host="/s", admin="a", template="t")}, lambda path: tmp_path / path)
    with pytest.raises(Refused) as caught:
        await way.prepare(minted(Secret(b"x")), to())
    assert caught.value.code is Code.POLICY_UNSUPPORTED
