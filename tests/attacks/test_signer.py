"""A gateway that was taken over asks a real signer process for what it should not get; and a signer that is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from jumphost.clock import SystemClock
from jumphost.command import stdin
from jumphost.command.facts import analyse
from jumphost.config.create import create_site
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.errors import Refused, Unavailable
from jumphost.model.decision import Decision
from jumphost.model.request import encode, input_digest
from jumphost.signer.client import SignerClient, running
from jumphost.signer.protocol import SignTarget
from jumphost.testing import decided
from jumphost.testing.signing import new_public_line
from jumphost.testing.site import open_folder

CLOCK = SystemClock()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site", example=True)


def decision(site: Site) -> Decision:
    return decided.decision(decided.request(load_site(site), CLOCK), CLOCK)


def question(made: Decision, purpose: str = "run") -> SignTarget:
    return SignTarget(made, (), purpose, "127.0.0.1", new_public_line())


def lines(site: Site) -> list[dict[str, object]]:
    return [json.loads(line) for line in (site.signer / "log.jsonl").read_text().splitlines()]


async def test_standard_input_put_in_after_the_decision(site: Site) -> None:
    command = analyse(b"bash -s")
    judged, forged = (stdin.facts(data, command, mode="judge") for data in (b"df -h\n", b"rm -r /srv\n"))
    async with running(site) as signer:
        asked = decided.request(load_site(site), CLOCK, command=stdin.seen(command, judged), stdin=judged)
        made = decided.decision(asked, CLOCK, stdin="judge")
        for changed in (replace(asked, stdin=forged), replace(asked, stdin=replace(judged, sha256=forged.sha256))):
            document = encode(changed)
            for digest in (made.judgement.input_digest, input_digest(document)):
                wrong = replace(made, judgement=replace(made.judgement, document=document, input_digest=digest))
                with pytest.raises(Refused, match="not the one that was judged"):
                    await signer.ask(question(wrong))
        assert (await signer.ask(question(made))).serial == lines(site)[-1]["serial"]


async def test_a_command_put_in_after_the_decision(site: Site) -> None:
    async with running(site) as signer:
        made = decision(site)
        document = made.judgement.document.replace(b"select 1", b"select 2")
        for digest in (made.judgement.input_digest, input_digest(document)):
            forged = replace(made, judgement=replace(made.judgement, document=document, input_digest=digest))
            with pytest.raises(Refused, match="not the one that was judged"):
                await signer.ask(question(forged))
        assert lines(site)[-1]["kind"] == "refused"
        assert (await signer.ask(question(made))).serial == lines(site)[-1]["serial"]


async def test_a_second_run_at_the_same_time(site: Site) -> None:
    async with running(site) as signer:
        made = decision(site)
        answers = await asyncio.gather(*(signer.ask(question(made)) for _ in range(8)), return_exceptions=True)
        assert sum(not isinstance(answer, BaseException) for answer in answers) == 1
        assert [line["kind"] for line in lines(site)].count("run") == 1


async def test_logins_without_end(site: Site) -> None:
    async with running(site) as signer:
        made = decision(site)
        with pytest.raises(Refused, match="no run certificate to follow up"):
            await signer.ask(question(made, "stop"))
        await signer.ask(question(made))
        for _ in range(16):
            await signer.ask(question(made, "TERM"))
        with pytest.raises(Refused, match="has had 16 logins"):
            await signer.ask(question(made, "stop"))


@asynccontextmanager
async def killable(site: Site) -> AsyncIterator[tuple[SignerClient, int]]:
    """A signer that is killed without warning at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "jumphost.signer", "--site", str(site.root)), stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        assert ready == {"event": "ready", "socket": str(site.signer_socket), "pid": process.pid}
        yield SignerClient(site.signer_socket), process.pid
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_what_it_gave_is_on_disk_when_it_is_killed(site: Site) -> None:
    made = decision(site)
    async with killable(site) as (signer, _):
        serial = (await signer.ask(question(made))).serial
    assert site.signer_socket.exists()
    with pytest.raises(Unavailable):
        await SignerClient(site.signer_socket).ask(question(made, "stop"))
    with (site.signer / "log.jsonl").open("ab") as log:
        log.write(b'{"at":1,"kind":"ru')
    async with killable(site) as (signer, _):
        assert [line.get("serial") for line in lines(site)][1] == serial
        assert lines(site)[2]["kind"] == "recovered"
        with pytest.raises(Refused, match="has had its run certificate"):
            await signer.ask(question(made))
        await signer.ask(question(made, "stop"))


async def test_two_signers_never_serve_one_site(site: Site) -> None:
    """The second waits for the first to end, and then knows what that one gave."""
    made = decision(site)
    async with killable(site) as (signer, pid):
        second = asyncio.create_task(start_second(site, made))
        await signer.ask(question(made))
        assert not second.done()
        os.kill(pid, signal.SIGTERM)
        with pytest.raises(Refused, match="has had its run certificate"):
            await second


async def start_second(site: Site, made: Decision) -> None:
    async with running(site) as signer:
        await signer.ask(question(made))


async def test_it_ends_with_its_parent(site: Site) -> None:
    words = (sys.executable, "-I", "-m", "jumphost.signer", "--site", str(site.root), "--with-parent")
    process = await asyncio.create_subprocess_exec(*words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    await process.stdout.readline()
    process.stdin.close()
    assert await process.wait() == 0
    assert not site.signer_socket.exists()


async def test_its_keys_are_in_no_core_dump(site: Site) -> None:
    async with killable(site) as (_, pid):
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert [line.split()[4] for line in limits.splitlines() if line.startswith("Max core file size")] == ["0"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to ask as another uid")
async def test_the_kernel_says_who_asks(site: Site) -> None:
    """The socket is open to all here, as with a gateway of another uid: only listed uids get an answer."""
    with open_folder() as folder:
        path = folder / "signer.sock"
        words = (sys.executable, "-I", "-m", "jumphost.signer", "--site", str(site.root), "--socket", str(path))
        process = await asyncio.create_subprocess_exec(
            *words, "--peer", "65533", "--with-parent", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdin is not None
        await process.stdout.readline()
        assert await asyncio.to_thread(ask_as, 65533, path) == b"\0\0"
        assert await asyncio.to_thread(ask_as, 65534, path) == b""
        process.stdin.close()
        await process.wait()


def ask_as(uid: int, path: Path) -> bytes:
    """The first two bytes that a process of the uid is answered."""
    script = (
        "import os, socket, sys; os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1]))\n"
        "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[2])\n"
        "try: s.sendall(b'\\0\\0\\0\\1{'); sys.stdout.buffer.write(s.recv(2))\n"
        "except OSError: pass"
    )
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", script, str(uid), str(path)], capture_output=True, check=True
    )
    return done.stdout
