from pathlib import Path

import pytest

from jumphost.cli import policy_engine
from jumphost.testing.commands import run


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "HOME", "PATH"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.delenv("JUMPHOST_SITE", raising=False)


def put(place: Path, version: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\necho Version: {version}\n")
    place.chmod(0o755)


def test_without_an_opa_the_status_is_1() -> None:
    ran = run("policy", "engine", "status")
    assert ran.status == 1
    assert ran.out.startswith("engine: auto uses embedded\n")


def test_what_is_found_and_used(tmp_path: Path) -> None:
    old, new = tmp_path / "site/bin/opa", tmp_path / "HOME/go/bin/opa"
    put(old, "1.0.0")
    put(new, "1.22.3")
    ran = run("policy", "engine", "status", "--site", tmp_path / "site", "--json")
    assert ran.status == 0
    assert ran.json == {
        "engine": "opa 1.22.3",
        "needs": "1.22.2",
        "found": [
            {"path": str(old), "version": "1.0.0", "used": False},
            {"path": str(new), "version": "1.22.3", "used": True},
        ],
    }
    assert "too old" in run("policy", "engine", "status", "--site", tmp_path / "site").out


def test_what_is_installed_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_engine, "install", lambda place, tell: put(place, "1.22.2"))
    monkeypatch.setenv("JUMPHOST_SITE", str(tmp_path / "site"))
    ran = run("policy", "engine", "install", "--json")
    assert (ran.status, ran.json["path"]) == (0, str(tmp_path / "site/bin/opa"))
    monkeypatch.setattr(policy_engine, "install", lambda place, tell: put(place, "1.0.0"))
    assert "is not used" in run("policy", "engine", "install").err
