from pathlib import Path

from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.testing.commands import run


def test_a_new_site_is_clean(tmp_path: Path) -> None:
    root = tmp_path / "site"
    ran = run("init", root, "--listen", "[::1]:0")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == f"wrote {root}\nnext: jumphost serve --site {root}\n"
    assert load_site(Site(root)).settings.listen == "[::1]:0"
    assert run("config", "check", "--site", root).status == 0


def test_an_example_says_where_its_keys_are(tmp_path: Path) -> None:
    root = tmp_path / "site"
    ran = run("init", root, "--example")
    assert f"the example approvers' private keys are in {root / 'example'}" in ran.out
    assert run("config", "check", "--site", root).status == 0


def test_json(tmp_path: Path) -> None:
    assert run("init", tmp_path / "site", "--json").json == {
        "site": str(tmp_path / "site"),
        "listen": "127.0.0.1:2222",
        "example": False,
    }


def test_a_wrong_address_is_a_wrong_use(tmp_path: Path) -> None:
    ran = run("init", tmp_path / "site", "--listen", "2222")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("jumphost: --listen: got '2222', expected ADDRESS:PORT")
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    ran = run("init", tmp_path)
    assert (ran.status, ran.out) == (1, "")
    assert "nothing is ever overwritten" in ran.err
    assert (tmp_path / "mine").read_text() == "mine"
