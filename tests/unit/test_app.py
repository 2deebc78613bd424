"""A site's configuration becomes a running gateway, in this process."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from jumphost import app
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.errors import Code, Problems, Unavailable
from jumphost.gateway import control
from jumphost.store.sqlite import Store
from jumphost.testing.tls import certificate


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = create_site(tmp_path / "site", listen="127.0.0.1:0", example=True)
    made.settings.write_text(made.settings.read_text().replace("engine: auto", "engine: embedded"))
    return made


async def served(site: Site, *signals: signal.Signals) -> tuple[dict[str, Any], Any]:
    """Serves until the signals: the ready line, and what the control socket answered meanwhile."""
    ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    serving = asyncio.get_running_loop().create_task(app.serve(site, ready=ready.set_result))
    await asyncio.wait([serving, ready], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        await serving
    answer = await asyncio.to_thread(control.call, site.control_socket, "approval.list")
    for number in signals:
        os.kill(os.getpid(), number)
    await serving
    return await ready, answer


async def kinds(site: Site) -> list[str]:
    store = Store.open(site.journal_db, log="test")
    rows = await store.read(lambda journal: journal.execute("SELECT kind FROM event ORDER BY rowid").fetchall())
    await store.close()
    return [kind for (kind,) in rows]


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)])
async def test_from_start_to_end(site: Site, signals: tuple[signal.Signals, ...]) -> None:
    line, answer = await served(site, *signals)
    assert (line["event"], line["pid"], answer) == ("ready", os.getpid(), [])
    assert line["ssh"].startswith("127.0.0.1:")
    assert await kinds(site) == ["policy.load", "system.start", "system.stop"]
    left = sorted(path.name for path in site.run.iterdir())
    assert "control.sock" not in left
    assert "ready.json" not in left
    assert "signer.sock" not in left


async def test_a_second_start_goes_on_in_the_same_journal(site: Site) -> None:
    await served(site, signal.SIGTERM)
    await served(site, signal.SIGTERM)
    assert (await kinds(site)).count("system.stop") == 2


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda site: site.identities.write_text("x: ["), Problems),
        (lambda site: (site.policies / ".manifest").write_text("{}"), Problems),
        (lambda site: (site.keys / "requests_key").write_text("short"), Unavailable),
        (lambda site: (site.signer / "target_ca").unlink(), Unavailable),
    ],
    ids=["files", "bundle", "key", "signer"],
)
async def test_a_part_that_does_not_start_is_said_and_nothing_is_left(site: Site, spoil: Any, expected: Any) -> None:
    spoil(site)
    with pytest.raises(expected):
        await served(site)
    assert not site.control_socket.exists()
    store = Store.open(site.journal_db, log="test")  # nobody holds it
    await store.close()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_exchange_says_where_it_is(site: Site, tmp_path: Path, scheme: str) -> None:
    cert, key = certificate(tmp_path, "exchange")
    key.chmod(0o600)
    files = f", cert: {cert}, key: {key}" if scheme == "https" else ""
    settings = f"{site.settings.read_text()}\nexchange: {{listen: '127.0.0.1:0'{files}}}\n"
    site.settings.write_text(settings)
    line, _ = await served(site, signal.SIGTERM)
    assert line["exchange"].startswith(f"{scheme}://127.0.0.1:")
    if files:
        cert.write_text("nonsense")
        with pytest.raises(Unavailable, match="cannot use the certificate of the exchange") as failed:
            await served(site)
        assert failed.value.code is Code.GATEWAY_UNAVAILABLE


async def test_an_address_that_cannot_be_had(site: Site) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    where = f"127.0.0.1:{taken.sockets[0].getsockname()[1]}"
    site.settings.write_text(site.settings.read_text().replace("127.0.0.1:0", where))
    with pytest.raises(Unavailable, match=f"cannot listen on {where}") as failed:
        await served(site)
    assert failed.value.code is Code.GATEWAY_UNAVAILABLE
    taken.close()


def test_an_ipv6_address_is_written_in_brackets() -> None:
    class Server:
        sockets = (type("Socket", (), {"getsockname": lambda _: ("::1", 22, 0, 0)})(),)

    assert app._where(Server()) == "[::1]:22"  # type: ignore[arg-type]
