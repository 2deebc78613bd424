"""A gateway as those who operate it meet it: how it says that it is ready, and how it ends."""

import json
import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from jumphost.testing.lab import RULE
from jumphost.testing.site import LiveSite, has_ssh, live_site, open_folder


@pytest.fixture(scope="module")
def stopped() -> Iterator[LiveSite]:
    """A site that tests start and end, and whose gateway tells how it is."""
    if not has_ssh():
        pytest.skip("install openssh-client: no ssh on PATH")
    with open_folder() as folder, live_site(folder, serve=False) as site:
        site.write_rule("lab", "sh", RULE)
        site.write_settings(status={"listen": "127.0.0.1:0"}, policy={"deadline_ms": 2000}, drain="1h")
        yield site


@pytest.fixture
def manager(stopped: LiveSite, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's socket, of a gateway that is started meanwhile."""
    path = stopped.root.parent / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        stopped.start()
        yield listener
    stopped.stop()
    path.unlink()


def ready(url: str) -> tuple[int, dict[str, dict[str, str]]]:
    """The status of ``/readyz``, and what stands against a command."""
    try:
        with urllib.request.urlopen(f"{url}/readyz") as answer:
            return answer.status, json.load(answer)["problems"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["problems"]


def line(site: LiveSite) -> dict[str, str]:
    found: dict[str, str] = json.loads((site.root / "run/ready.json").read_text())
    return found


def test_drain_with_a_command_that_ends(stopped: LiveSite, manager: socket.socket) -> None:
    assert manager.recv(100) == b"READY=1"
    here = line(stopped)
    assert ready(here["status"]) == (200, {})
    words = "sh -c 'echo begun; sleep 1; seq 200000'"
    running = stopped.ssh_started(stopped.key("deploy-bot"), "batch-host", words)
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    os.kill(int(here["pid"]), signal.SIGTERM)
    assert manager.recv(100) == b"STOPPING=1"
    code, problems = ready(here["status"])
    assert (code, problems.keys(), problems["gateway"]["code"]) == (503, {"gateway"}, "gateway.shutdown")
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", stopped.port))
    said, _ = running.communicate(timeout=30)
    assert (running.returncode, said.splitlines()[-1]) == (0, b"200000")
    assert stopped.killed() == 0, "it ended by itself, in order"
    assert not (stopped.root / "run/ready.json").exists()


def test_drain_that_is_told_twice(stopped: LiveSite, manager: socket.socket) -> None:
    """The command would have an hour."""
    assert manager.recv(100) == b"READY=1"
    here = line(stopped)
    running = stopped.ssh_started(stopped.key("deploy-bot"), "batch-host", "sh -c 'echo begun; exec sleep 3600'")
    assert running.stdout is not None
    assert running.stdout.readline() == b"begun\n"
    os.kill(int(here["pid"]), signal.SIGTERM)
    assert manager.recv(100) == b"STOPPING=1"
    os.kill(int(here["pid"]), signal.SIGTERM)
    _, said = running.communicate(timeout=30)
    assert stopped.killed() == 0
    assert running.returncode == 70
    assert said.startswith(b"jumphost: cut gateway.shutdown")
    (cut,) = [event for event in stopped.events("command.cut") if event["code"] == "gateway.shutdown"]
    assert cut["left"] is False
