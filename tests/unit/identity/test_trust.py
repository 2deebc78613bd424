"""The trust of a site, read from its files."""

import shutil
from pathlib import Path

import pytest

from jumphost.config.create import create_site, write_key_pair
from jumphost.config.load import load_site
from jumphost.config.settings import CallerCA
from jumphost.config.site import Site
from jumphost.errors import Problems
from jumphost.identity.revocation import Revocations
from jumphost.identity.trust import load
from jumphost.sshkey import read_line


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site", example=True)


def test_the_two_cas_of_a_new_site(site: Site) -> None:
    trust = load(site, load_site(site), Revocations())
    caller = read_line((site.keys / "caller_ca.pub").read_text())
    assert {blob: (ca.name, ca.fingerprint) for blob, ca in trust.callers.items()} == {
        caller.blob: ("main", caller.fingerprint)
    }
    assert [ca.own for ca in trust.callers.values()] == [True]
    assert trust.issuers == {}
    assert trust.targets == {read_line((site.keys / "target_ca.pub").read_text()).blob}
    assert trust.registry.find(ca="main", key_id="backup-job", principals=["backup-job"])[0] == "backup-job"


def test_every_problem_of_the_cas_is_told_at_once(site: Site) -> None:
    config = load_site(site)
    shutil.copy(site.keys / "target_ca.pub", site.keys / "caller_ca.pub")
    with pytest.raises(Problems, match=r"got the target CA under callers\.main"):
        load(site, config, Revocations())
    (site.keys / "caller_ca.pub").write_text("nonsense")
    (site.keys / "target_ca.pub").unlink()
    with pytest.raises(Problems) as caught:
        load(site, config, Revocations())
    assert len(caught.value.problems) == 2


def test_one_key_under_two_names_is_a_problem(site: Site) -> None:
    config = load_site(site)
    config.settings.callers["twin"] = config.settings.callers["main"]
    with pytest.raises(Problems, match="got one CA as main and as twin"):
        load(site, config, Revocations())


def test_a_ca_of_others_is_not_our_own(site: Site) -> None:
    config = load_site(site)
    write_key_pair(site.keys / "others", "others")
    config.settings.callers["others"] = CallerCA("keys/others.pub")
    assert [(ca.name, ca.own) for ca in load(site, config, Revocations()).callers.values()] == [
        ("main", True),
        ("others", False),
    ]
