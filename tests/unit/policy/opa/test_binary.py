from pathlib import Path

import pytest

from jumphost.policy.opa import binary


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Every place where an opa is looked for, all empty, in the order of preference."""
    there = {name: tmp_path / name for name in ("site", "user", "path", "home")}
    monkeypatch.setenv("XDG_DATA_HOME", str(there["user"]))
    monkeypatch.setenv("PATH", str(there["path"]))
    monkeypatch.setenv("HOME", str(there["home"]))
    return {
        "site": there["site"] / "bin/opa",
        "user": there["user"] / "jumphost/bin/opa",
        "path": there["path"] / "opa",
        "home": there["home"] / "go/bin/opa",
    }


def put(place: Path, version: str = "1.22.2", text: str = "", mode: int = 0o755) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text or f"#!/bin/sh\n[ \"$1\" = version ] && echo 'Version: {version}'\n")
    place.chmod(mode)


def test_the_first_that_is_new_enough_is_used(places: dict[str, Path]) -> None:
    site = places["site"].parents[1]
    assert binary.chosen(site) is None
    for name in reversed(places):
        put(places[name])
        assert binary.chosen(site) == places[name]
    assert binary.chosen(None) == places["user"]
    put(places["site"], "1.20.0")
    assert binary.chosen(site) == places["user"]
    assert [(one.version, one.usable) for one in binary.found(site)][:2] == [("1.20.0", False), ("1.22.2", True)]


def test_one_program_by_two_names_is_one(places: dict[str, Path]) -> None:
    put(places["home"])
    places["path"].parent.mkdir()
    places["path"].symlink_to(places["home"])
    assert [one.path for one in binary.found(None)] == [places["path"]]


@pytest.mark.parametrize(
    "text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho nothing\n", "#!/nonexistent\n", "#!/bin/sh\nprintf '\\377'\n"]
)
def test_what_does_not_say_its_version_is_none(places: dict[str, Path], text: str) -> None:
    put(places["user"], text=text)
    assert list(binary.found(None)) == []


def test_what_cannot_be_run_is_none(places: dict[str, Path]) -> None:
    put(places["user"], mode=0o644)
    places["home"].mkdir(parents=True)
    assert list(binary.found(None)) == []


def test_without_a_place_for_data_it_is_in_the_home(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert binary.installed(None) == places["home"].parents[2] / ".local/share/jumphost/bin/opa"


@pytest.mark.parametrize("version", ["1.22.2", "1.22.10", "1.23.0", "2.0.0", "1.22.2+build"])
def test_new_enough(version: str) -> None:
    assert binary.new_enough(version)


@pytest.mark.parametrize(
    "version", ["", "1.22.1", "1.9.9", "0.70.0", "v1.22.2", "1.22", "1.23.0-rc1", "1.22.2\n", "x", "99999.0.0"]
)
def test_not_new_enough(version: str) -> None:
    assert not binary.new_enough(version)
