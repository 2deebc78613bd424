"""Which certificate of a family counts, and which shows a theft: every meeting of owner and thief."""

import pytest
from msgspec.structs import replace

from jumphost.clock import NS_PER_S
from jumphost.identity import renewal
from jumphost.identity.renewal import GRACE_S, Family
from jumphost.model.identity import Caller, Certificate, Identity
from jumphost.store import families

NOW = 1_000_000 * NS_PER_S
NEWEST = Family(
    identity="job",
    id="1.2",
    generation=3,
    serial="33",
    parent="22",
    key="SHA256:new",
    certificate="line",
    issued_ns=NOW,
    issued_to="192.0.2.1",
    ends_ns=NOW + 600 * NS_PER_S,
)
USED = replace(NEWEST, used_ns=NOW, used_from="192.0.2.1")
LATER = NOW + (GRACE_S + 1) * NS_PER_S


def caller(generation: int, serial: str) -> Caller:
    return Caller(Identity("job", "team", "main", certificate=Certificate(serial=serial)), generation=generation)


NEW, OLD, OLDER, SIBLING = caller(3, "33"), caller(2, "22"), caller(1, "11"), caller(3, "44")
UNCLE = caller(2, "55")  # of the generation before, but the newest does not descend from it


def test_the_rows_are_what_the_store_keeps() -> None:
    assert Family.__struct_fields__ == families.COLUMNS


@pytest.mark.parametrize(
    ("newest", "who", "now", "counts"),
    [
        (None, OLDER, NOW, True),  # nobody renewed it
        (USED, NEW, LATER, True),
        (NEWEST, OLD, LATER, True),  # the answer may have got lost
        (USED, OLD, NOW + GRACE_S * NS_PER_S, True),
        (USED, OLD, LATER, False),
        (NEWEST, OLDER, NOW, False),
        (NEWEST, SIBLING, NOW, False),
        (NEWEST, UNCLE, NOW, False),
        (USED, caller(4, "99"), LATER, True),  # our rows are of a backup: they are behind
    ],
)
def test_who_may_log_in(newest: Family | None, who: Caller, now: int, counts: bool) -> None:
    assert renewal.counts(newest, who, now) is counts


def test_the_first_use_is_noted_once_and_only_of_the_newest() -> None:
    assert renewal.used(NEWEST, NEW, "192.0.2.9", LATER) == replace(NEWEST, used_ns=LATER, used_from="192.0.2.9")
    assert renewal.used(USED, NEW, "192.0.2.9", LATER) is None
    assert renewal.used(NEWEST, OLD, "192.0.2.9", LATER) is None
    assert renewal.used(None, NEW, "192.0.2.9", LATER) is None


@pytest.mark.parametrize(
    ("newest", "who", "key", "gets"),
    [
        (None, OLDER, "SHA256:new", "next"),
        (USED, NEW, "SHA256:next", "next"),
        (NEWEST, NEW, "SHA256:new", "next"),
        (NEWEST, OLD, "SHA256:new", "again"),
        (NEWEST, OLD, "SHA256:other", "instead"),
        (USED, OLD, "SHA256:new", "stolen"),  # no grace: whoever renews has what was renewed
        (NEWEST, OLDER, "SHA256:new", "stolen"),
        (NEWEST, SIBLING, "SHA256:new", "stolen"),
        (NEWEST, UNCLE, "SHA256:new", "stolen"),
    ],
)
def test_what_an_asker_gets(newest: Family | None, who: Caller, key: str, gets: str) -> None:
    assert renewal.answer(newest, who, key, LATER) == gets


def test_a_certificate_that_ended_is_not_given_again() -> None:
    assert renewal.answer(NEWEST, OLD, "SHA256:new", NEWEST.ends_ns) == "instead"
