"""Asking a signer, and starting one."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Unavailable
from jumphost.signer import client as module
from jumphost.signer.client import SignerClient, ephemeral, running
from jumphost.signer.log import Log
from jumphost.signer.protocol import MAX_FRAME, Answer, Check, Failed, Issued, Noted, frame
from jumphost.testing.signing import new_public_line

CHECK = Check("payments-db", "app", "127.0.0.1", new_public_line())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site", example=True)


async def asked(path: Path, reply: bytes, question: Check = CHECK) -> Issued:
    """What a client makes of a signer that always replies so."""

    async def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        writer.close()

    async with await asyncio.start_unix_server(connected, path):
        return await SignerClient(path).ask(question)


async def test_answers_become_results_and_errors(tmp_path: Path) -> None:
    issued = Issued("line", "7", 60)
    assert await asked(tmp_path / "a", frame(issued)) == issued
    with pytest.raises(Unavailable):
        await asked(tmp_path / "b", frame(Noted()))
    said: list[tuple[Answer, type[Exception], Code]] = [
        (Failed("signer.refused", "no", "why"), Refused, Code.SIGNER_REFUSED),
        (Failed("signer.unavailable", "no", "why"), Unavailable, Code.SIGNER_UNAVAILABLE),
        (Failed("of.another.version", "no", "why"), Unavailable, Code.SIGNER_UNAVAILABLE),
    ]
    for number, (given, kind, code) in enumerate(said):
        with pytest.raises(kind) as caught:
            await asked(tmp_path / str(number), frame(given))
        assert (caught.value.code, caught.value.message, caught.value.detail) == (code, "no", "why")  # type: ignore[attr-defined]


@pytest.mark.parametrize("reply", [b"", b"\0", b"\0\0\0\2{}", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\5{"])
async def test_rubbish_is_unavailable(tmp_path: Path, reply: bytes) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        await asked(tmp_path / "s", reply)


async def test_no_signer_a_silent_one_and_a_question_too_long(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="does not answer"):
        await SignerClient(tmp_path / "none").ask(CHECK)
    with pytest.raises(Unavailable, match="does not answer"):
        await SignerClient(tmp_path / "none").ask(Check("x" * MAX_FRAME, "", "", ""))

    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    async with await asyncio.start_unix_server(silent, tmp_path / "silent"):
        with pytest.raises(Unavailable) as caught:
            await SignerClient(tmp_path / "silent", timeout_s=0.05).ask(CHECK)
        assert "TimeoutError" in caught.value.detail
        await gone.wait()


async def test_a_signer_that_lives_hangs_up_on_who_asks_nothing(site: Site) -> None:
    async with running(site) as client:
        await client.probe()
    with pytest.raises(Unavailable, match="does not answer"):
        await client.probe()


async def test_a_signer_runs_for_as_long_as_its_context(site: Site) -> None:
    async with running(site) as client:
        assert (await client.ask(CHECK)).certificate.startswith("ssh-ed25519-cert-v01@openssh.com ")
        async with ephemeral(site) as same:
            assert isinstance(await same.ask(CHECK), Issued)
    assert not site.signer_socket.exists()
    async with ephemeral(site) as own:
        assert not site.signer_socket.exists()
        assert isinstance(await own.ask(CHECK), Issued)


async def test_a_signer_of_another_uid_is_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(site):
        monkeypatch.setattr(module.os, "geteuid", lambda: 4242)
        async with running(site) as shared:
            assert isinstance(await shared.ask(CHECK), Issued)
        assert site.signer_socket.exists()


async def test_one_that_says_nothing_is_not_waited_for(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the log that another holds; we do not wait that long, and it does not outlive us."""
    held = Log.open(site.signer / "log.jsonl", now_s=0)
    monkeypatch.setattr(module, "START_TIMEOUT_S", 0.01)
    monkeypatch.setattr(module, "END_TIMEOUT_S", 0)
    with pytest.raises(Unavailable, match="did not start"):
        async with running(site):
            pass
    held.close()


@pytest.mark.parametrize(
    "spoil",
    [lambda site: (site.signer / "caller_ca").unlink(), lambda site: site.identities.write_text("x: [")],
    ids=["no key", "no files"],
)
async def test_one_that_does_not_start_is_unavailable(
    site: Site, spoil: Callable[[Site], object], capfd: pytest.CaptureFixture[str]
) -> None:
    spoil(site)
    with pytest.raises(Unavailable, match="did not start"):
        async with running(site):
            pass
    assert "signer.unavailable" in capfd.readouterr().err


def signers() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # it died meanwhile
            if "jumphost.signer" in child.cmdline():
                found.append(child)
    return found


async def answers(client: SignerClient) -> bool:
    """Asks until it answers; what it says meanwhile is that it is not there."""
    while True:
        try:
            return isinstance(await client.ask(CHECK), Issued)
        except Unavailable as error:
            assert error.code is Code.SIGNER_UNAVAILABLE  # noqa: PT017
            await asyncio.sleep(0.02)


async def test_one_that_dies_has_a_successor(site: Site) -> None:
    async with running(site) as client:
        for _ in range(2):
            [process] = signers()
            process.kill()
            while signers() == [process]:
                await asyncio.sleep(0.02)
            assert await answers(client)
    assert not signers()
    assert not site.signer_socket.exists()


async def test_one_that_cannot_start_again_is_tried_again(site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    key, away = site.signer / "caller_ca", site.signer / "away"
    async with running(site) as client:
        key.rename(away)
        signers()[0].kill()
        said = ""
        while "signer.not_started" not in said:
            said += "".join(capfd.readouterr())
            await asyncio.sleep(0.02)
        with pytest.raises(Unavailable, match="does not answer"):
            await client.ask(CHECK)
        away.rename(key)
        assert await answers(client)


async def test_what_goes_wrong_beside_it_is_raised_as_it_is(site: Site) -> None:
    with pytest.raises(ZeroDivisionError):
        async with running(site):
            raise ZeroDivisionError
    assert not signers()
