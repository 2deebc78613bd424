"""The signer as a program: arguments, its ready line, its end."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import pytest

from jumphost import log
from jumphost.clock import SystemClock
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.errors import Unavailable
from jumphost.signer import __main__ as program
from jumphost.signer.log import Log
from jumphost.testing.clock import ManualClock


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site")


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process stays as it is: readable to debuggers, its mask and log as they were."""
    monkeypatch.setattr(program, "seclude", lambda: None)
    monkeypatch.setattr(log, "configure", lambda *_: None)


def run(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["jumphost.signer", *map(str, words)])
    return program.main()


def test_it_serves_until_it_is_told_to_end(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """SIGTERM waits at the door: it is taken in the first moment that it serves."""
    serve = program.serve

    async def serve_and_end(*given: object, **how: object) -> asyncio.Server:
        server = await serve(*given, **how)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGTERM)
        return server

    monkeypatch.setattr(program, "serve", serve_and_end)
    assert run(monkeypatch, "--site", site.root) == 0
    ready = json.loads(capsys.readouterr().out)
    assert ready == {"event": "ready", "socket": str(site.signer_socket), "pid": os.getpid()}
    assert not site.signer_socket.exists()


def test_it_ends_with_its_standard_input(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    os.close(theirs)
    with os.fdopen(ours) as ended:
        monkeypatch.setattr(sys, "stdin", ended)
        assert run(monkeypatch, "--site", site.root, "--socket", tmp_path / "s", "--with-parent") == 0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda site: (site.signer / "target_ca").unlink(), "the signer cannot use its key"),
        (lambda site: site.identities.unlink(), "config check"),
        (lambda site: site.run.rmdir(), "the signer cannot listen on"),
        (lambda site: (site.signer / "log.jsonl").mkdir(), "the signer cannot open"),
    ],
)
def test_what_stops_it_is_one_line_and_a_status(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spoil: object, says: str
) -> None:
    spoil(site)  # type: ignore[operator]
    assert run(monkeypatch, "--site", site.root) == 69
    error = capsys.readouterr().err
    assert error.startswith("jumphost: signer.unavailable: ")
    assert says in error
    assert error.count("\n") == 1


async def test_a_log_that_another_holds_is_waited_for(tmp_path: Path) -> None:
    held = Log.open(tmp_path / "log", now_s=0)
    waiting = asyncio.create_task(program._log(tmp_path / "log", SystemClock()))
    await asyncio.sleep(0)
    assert not waiting.done()
    held.close()
    (await waiting).close()


async def test_but_not_for_ever(tmp_path: Path) -> None:
    held = Log.open(tmp_path / "log", now_s=0)

    class Hurried(ManualClock):
        def monotonic(self) -> float:
            self.advance(6)
            return super().monotonic()

    with pytest.raises(Unavailable, match="another signer holds"):
        await program._log(tmp_path / "log", Hurried())
    held.close()
