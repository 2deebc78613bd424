"""Whether a gateway runs, whether it took the change: told apart, on real sockets."""

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from jumphost.cli.reload import sentence, tell_gateway
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Unavailable
from jumphost.gateway import control


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site")


def test_no_gateway(site: Site) -> None:
    assert not tell_gateway(site, "done")


def test_a_gateway_that_is_gone(site: Site) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(site.control_socket))
    assert not tell_gateway(site, "done")


async def test_a_gateway_that_takes_it(site: Site) -> None:
    calls = []

    async def reload(args: dict[str, Any]) -> None:
        calls.append(args)

    async with await control.serve(site.control_socket, {"site.reload": reload}):
        assert await asyncio.to_thread(tell_gateway, site, "done")
    assert calls == [{}]


async def test_a_gateway_that_does_not_take_it(site: Site) -> None:
    async def reload(_: dict[str, Any]) -> None:
        raise Refused(Code.REQUEST_INVALID, "targets.yaml:1: wrong")

    async with await control.serve(site.control_socket, {"site.reload": reload}):
        with pytest.raises(Refused, match=r"done, but the gateway did not take it: targets\.yaml:1: wrong"):
            await asyncio.to_thread(tell_gateway, site, "done")


def test_a_gateway_that_does_not_answer(site: Site) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(site.control_socket))
        listener.listen()

        def hang_up() -> None:
            listener.accept()[0].close()

        loop = asyncio.new_event_loop()
        try:
            hung = loop.run_in_executor(None, hang_up)
            with pytest.raises(Unavailable, match="done, but the gateway was not told: "):
                tell_gateway(site, "done")
            loop.run_until_complete(hung)
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()


def test_what_a_person_reads() -> None:
    assert sentence("done", running=True) == "done; the gateway knows"
    assert sentence("done", running=False) == "done; no gateway runs: it will know when it starts"
