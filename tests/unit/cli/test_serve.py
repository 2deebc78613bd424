"""The gateway as a program: its ready line, its end, and what it says when it cannot start."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.testing.commands import run


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site", listen="127.0.0.1:0", example=True)


@contextmanager
def serving(site: Site, *words: str) -> Iterator["subprocess.Popen[str]"]:
    pipe = subprocess.PIPE
    program = subprocess.Popen(
        [sys.executable, "-m", "jumphost", "serve", "--site", str(site.root), *words],
        stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True,
    )  # fmt: skip
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def test_one_ready_line_and_an_orderly_end(site: Site) -> None:
    with serving(site, "--json") as program:
        assert program.stdout is not None
        line = json.loads(program.stdout.readline())
        assert (line["event"], line["pid"]) == ("ready", program.pid)
        assert json.loads(site.ready_file.read_text()) == line
        host, _, port = line["ssh"].rpartition(":")
        with socket.create_connection((host, int(port))) as connection:
            assert connection.recv(100).startswith(b"SSH-2.0-jumphost")
        with serving(site) as second:
            _, err = second.communicate(timeout=60)
        assert (second.returncode, "is written by another process" in err) == (69, True)
        program.send_signal(signal.SIGTERM)
        rest, log = program.communicate(timeout=60)
        assert (program.returncode, rest) == (0, "")
        assert all(json.loads(entry) for entry in log.splitlines())
    assert not site.ready_file.exists()
    assert not site.control_socket.exists()


def test_a_port_that_is_taken_is_said_in_one_line(site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        where = f"127.0.0.1:{taken.getsockname()[1]}"
        site.settings.write_text(site.settings.read_text().replace("127.0.0.1:0", where))
        with serving(site) as program:
            out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (69, "")
    assert f"cannot listen on {where}: " in err
    assert "address already in use" in err
    assert err.count("\n") == 1


def test_a_site_that_is_not_in_order_is_said_in_lines(site: Site) -> None:
    site.identities.write_text("x: {owner: o, colour: red}\n")
    ran = run("serve", "--site", site.root)
    assert (ran.status, ran.out) == (1, "")
    assert f"{site.identities}:1: x.colour: " in ran.err
    assert list(site.run.iterdir()) == []
