from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.testing.commands import run


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = create_site(tmp_path / "site", example=True)
    site.settings.write_text(site.settings.read_text().replace("engine: auto ", "engine: embedded "))
    return site


def test_a_site_in_order(site: Site) -> None:
    ran = run("doctor", "--site", site.root)
    assert ran.status == 0
    assert all(line.startswith("ok ") for line in ran.out.splitlines())
    assert run("doctor", "--site", site.root, "--json").json == []


def test_findings_say_what_to_do_and_exit_1(site: Site) -> None:
    site.ready_file.write_text("{}")
    ran = run("doctor", "--site", site.root)
    assert ran.status == 1
    lines = [line.strip() for line in ran.out.splitlines()]
    at = lines.index("found  gateway")
    assert lines[at + 1] == f"{site.ready_file}: is of a gateway that did not end in order"
    assert lines[at + 2] == "do: start it again: `jumphost serve` seals what was left open"
    [row] = run("doctor", "--site", site.root, "--json").json
    assert (row["code"], row["file"]) == ("gateway.gone", str(site.ready_file))


def test_targets_are_asked_when_told_so(site: Site) -> None:
    text = site.targets.read_text().replace("port: 22", "port: 1")
    site.targets.write_text(text)
    ran = run("doctor", "--site", site.root, "--targets", "--json")
    assert ran.status == 1
    assert {row["code"] for row in ran.json} <= {"target.unreachable"}
    assert ran.json
