"""The steps in which a CA is changed, in their order, again, and after a crash in each."""

from pathlib import Path

import pytest
import yaml

from jumphost.config.authorities import KINDS, Authority, Kind
from jumphost.config.create import create_site
from jumphost.config.files import read_public
from jumphost.config.load import load_plain, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site", example=True)


def refused(step: object) -> str:
    with pytest.raises(Refused) as caught:
        step()  # type: ignore[operator]
    assert caught.value.code is Code.REQUEST_INVALID
    return caught.value.message


@pytest.mark.parametrize("kind", KINDS)
def test_from_one_key_to_the_next(site: Site, kind: Kind) -> None:
    authority = Authority(site, kind)
    first = authority.state()
    assert (first.next, first.old, first.trusted) == ("", "", (first.signs,))
    begun = authority.begin()
    assert (begun.signs, begun.trusted) == (first.signs, (first.signs, begun.next))
    assert begun.next not in ("", first.signs)
    switched = authority.switch()
    assert (switched.signs, switched.next, switched.old) == (begun.next, "", first.signs)
    assert switched.trusted == (begun.next, first.signs)
    assert authority.switched_s() > 0
    retired = authority.retire()
    assert (retired.signs, retired.old, retired.trusted) == (begun.next, "", (begun.next,))
    assert sorted(path.name for path in site.signer.glob(f"{kind}_ca*")) == [f"{kind}_ca", f"{kind}_ca.pub"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in site.signer.iterdir())
    load_site(site)


@pytest.mark.parametrize("kind", KINDS)
def test_steps_out_of_turn(site: Site, kind: Kind) -> None:
    authority = Authority(site, kind)
    assert "no next" in refused(authority.switch)
    assert "no old" in refused(authority.retire)
    made = authority.begin()
    assert authority.begin() == made  # asked for again
    assert "no old" in refused(authority.retire)
    authority.switch()
    assert "no next" in refused(authority.switch)
    assert "is trusted still" in refused(authority.begin)
    authority.retire()
    assert "no old" in refused(authority.retire)


def test_a_key_that_a_crash_left_half_made_is_made_anew(site: Site) -> None:
    (site.signer / "target_ca_next").write_text("half")
    made = Authority(site, "target").begin()
    assert made.next == read_public(site.signer / "target_ca_next.pub").fingerprint
    assert made.next in made.trusted


@pytest.mark.parametrize("moved", [False, True])
def test_a_switch_that_a_crash_interrupted_is_finished(site: Site, moved: bool) -> None:
    authority = Authority(site, "caller")
    begun = authority.begin()
    (site.signer / "caller_ca_old.pub").write_bytes((site.signer / "caller_ca.pub").read_bytes())
    if moved:
        (site.signer / "caller_ca_next").replace(site.signer / "caller_ca")
    assert "no old" in refused(authority.retire)  # it would take away the key that signs
    done = authority.switch()
    assert (done.signs, done.old) == (begun.next, begun.signs)


def test_a_site_without_a_host_ca_gets_one(site: Site) -> None:
    for path in (site.signer / "host_ca", site.signer / "host_ca.pub", site.keys / "host_ca.pub"):
        path.unlink()
    assert Authority(site, "host").state().trusted == ()
    made = Authority(site, "host").begin()
    assert (made.next, made.trusted) == ("", (made.signs,))
    assert (site.signer / "host_ca").exists()


def test_callers_are_trusted_where_the_settings_say(site: Site) -> None:
    (site.root / "caller_ca.pub").write_bytes((site.keys / "caller_ca.pub").read_bytes())
    settings = load_plain(site.settings)
    settings["callers"]["main"]["ca"] = "caller_ca.pub"
    site.settings.write_text(yaml.safe_dump(settings))
    made = Authority(site, "caller").begin()
    assert len((site.root / "caller_ca.pub").read_text().splitlines()) == len(made.trusted) == 2
    assert (site.keys / "caller_ca.pub").read_text() == (site.root / "caller_ca.pub").read_text()
    settings["callers"]["main"]["ca"] = "keys/target_ca.pub"
    site.settings.write_text(yaml.safe_dump(settings))
    with pytest.raises(Exception, match="target CA"):
        Authority(site, "caller").state()
