"""The signer's keys, which a rotation changes while it runs."""

from pathlib import Path

import pytest

from jumphost.config.authorities import Authority
from jumphost.config.create import create_site
from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Unavailable
from jumphost.signer.keys import Keys
from jumphost.signer.mint import public_line
from jumphost.sshkey import read_line


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return create_site(tmp_path / "site")


def test_each_step_of_a_rotation_is_seen(site: Site) -> None:
    keys, authority = Keys(site), Authority(site, "caller")
    first = keys.caller()
    authority.begin()
    assert (keys.caller(), keys.callers()) == (first, {first})
    authority.switch()
    second = keys.caller()
    assert second != first
    assert keys.callers() == {first, second}
    assert read_line(public_line(keys.key("caller"))).blob == second
    authority.retire()
    assert keys.callers() == {second}


def test_a_site_may_have_no_host_ca(site: Site) -> None:
    (site.signer / "host_ca").unlink()
    keys = Keys(site)
    with pytest.raises(Refused, match="ca rotate host") as caught:
        keys.key("host")
    assert caught.value.code is Code.SIGNER_REFUSED
    (site.signer / "host_ca.pub").unlink()
    Authority(site, "host").begin()
    assert keys.key("host")


@pytest.mark.parametrize("name", ["caller", "target"])
def test_the_others_are_needed(site: Site, name: str) -> None:
    (site.signer / f"{name}_ca").unlink()
    with pytest.raises(Unavailable):
        Keys(site)


@pytest.mark.parametrize("name", ["target", "host"])
def test_no_key_is_two_cas(site: Site, name: str) -> None:
    (site.signer / f"{name}_ca").write_bytes((site.signer / "caller_ca").read_bytes())
    with pytest.raises(Unavailable, match="one key as two CAs"):
        Keys(site)


def test_an_old_key_that_is_none_stops_the_signer(site: Site) -> None:
    (site.signer / "caller_ca_old.pub").write_text("none")
    with pytest.raises(Unavailable, match=r"caller_ca_old\.pub"):
        Keys(site)
