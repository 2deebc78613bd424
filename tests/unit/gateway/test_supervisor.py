"""What the service manager is told, as sd_notify(3) has it."""

import os
import socket
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from jumphost.gateway.supervisor import notify


def told(name: str, address: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify("READY=1")
        return manager.recv(100, socket.MSG_DONTWAIT)


def test_a_manager_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "notify")
    assert told(path, path, monkeypatch) == b"READY=1"


def test_an_abstract_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"jumphost-test-{os.getpid()}"
    assert told(f"@{name}", f"\0{name}", monkeypatch) == b"READY=1"


def test_without_one_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    with capture_logs() as logs:
        notify("READY=1")
    assert logs == []


def test_one_that_is_not_there_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "none"))
    with capture_logs() as logs:
        notify("STOPPING=1")
    assert [(line["event"], line["state"]) for line in logs] == [("supervisor.not_told", "STOPPING=1")]
