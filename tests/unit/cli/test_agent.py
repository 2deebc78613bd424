"""How the agent is called; what it does with a gateway is in tests/scenarios/test_agent.py."""

from pathlib import Path

import pytest

from jumphost.config.create import write_key_pair
from jumphost.testing.commands import run


@pytest.fixture
def key(tmp_path: Path) -> Path:
    write_key_pair(tmp_path / "id", "job")
    (tmp_path / "known").write_text("")
    return tmp_path / "id"


@pytest.mark.parametrize(
    "words",
    [
        ("--gateway", "::1", "--known-hosts", "known", "id"),
        ("--gateway", "gw", "--known-hosts", "none", "id"),
        ("--gateway", "gw", "--known-hosts", "known", "other"),
        ("--gateway", "gw", "--known-hosts", "known", "--exchange", "'", "id"),
        ("--known-hosts", "known", "id"),
    ],
)
def test_usage(key: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.chdir(key.parent)
    assert run("agent", *words).status == 2


@pytest.mark.parametrize("once", [("--once",), ()])
def test_without_a_certificate_and_without_a_way_to_one_it_ends(key: Path, once: tuple[str, ...]) -> None:
    ran = run("agent", *once, "--gateway", "127.0.0.1:1", "--known-hosts", key.with_name("known"), key)
    assert (ran.status, "identity.expired" in ran.err) == (77, True)
