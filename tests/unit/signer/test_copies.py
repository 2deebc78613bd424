"""The signer's own reading of the site."""

import shutil

import pytest

from jumphost.errors import Code, Unavailable
from jumphost.signer.copies import Copies
from jumphost.signer.keys import Keys
from jumphost.testing.signing import SigningBench


@pytest.fixture
def copies(bench: SigningBench) -> Copies:
    return Copies(bench.site, Keys(bench.site))


def test_read_once_and_again_when_a_file_changed(bench: SigningBench, copies: Copies) -> None:
    first = copies.current()
    assert copies.current() is first
    bench.rewrite(bench.site.identities, lambda entries: entries["batch-reader"].update(enabled=False))
    assert not copies.current().identities["batch-reader"].enabled


def test_a_file_with_problems_means_that_nothing_is_known(bench: SigningBench, copies: Copies) -> None:
    copies.current()
    good = bench.site.approvers.read_text()
    for spoil in (lambda: bench.site.approvers.write_text("alice: 7\n"), bench.site.approvers.unlink):
        spoil()
        for _ in range(2):
            with pytest.raises(Unavailable, match="config check") as caught:
                copies.current()
            assert caught.value.code is Code.SIGNER_UNAVAILABLE
            assert "approvers.yaml" in caught.value.detail
    bench.site.approvers.write_text(good)
    assert "alice" in copies.current().approvers


def test_the_ceiling_is_that_of_our_own_ca(bench: SigningBench, copies: Copies) -> None:
    assert (copies.ceiling().name, copies.ceiling().max_ttl_s) == ("main", 900)
    shutil.copy(bench.site.keys / "host_key.pub", bench.site.keys / "caller_ca.pub")
    with pytest.raises(Unavailable, match="got no CA under callers"):
        copies.ceiling()


def test_a_ca_file_that_changed_counts_at_once(bench: SigningBench, copies: Copies) -> None:
    path = bench.site.keys / "caller_ca.pub"
    good = path.read_text()
    assert copies.ceiling() == copies.ceiling()
    path.write_text((bench.site.keys / "host_key.pub").read_text())
    with pytest.raises(Unavailable, match="got no CA under callers"):
        copies.ceiling()
    path.write_text("nothing")
    with pytest.raises(Unavailable, match=r"caller_ca\.pub"):
        copies.ceiling()
    path.write_text(good)
    assert copies.ceiling().name == "main"


def test_a_ca_file_that_goes_away(bench: SigningBench, copies: Copies) -> None:
    copies.current()
    (bench.site.keys / "caller_ca.pub").unlink()
    with pytest.raises(Unavailable, match="cannot be read"):
        copies.ceiling()
