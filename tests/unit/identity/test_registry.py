"""Which entry a certificate names."""

import pytest

from jumphost.errors import Code, Refused
from jumphost.identity.registry import Registry
from jumphost.model.identity import IdentityEntry

REGISTRY = Registry(
    {
        "job": IdentityEntry("team"),
        "renamed": IdentityEntry("team", match={"key_id": "ci/job 7"}),
        "twin-a": IdentityEntry("team", match={"key_id": "twin"}),
        "twin-b": IdentityEntry("team", match={"key_id": "twin"}),
        "off": IdentityEntry("team", enabled=False),
        "strange": IdentityEntry("team", match={"colour": "red"}),
        "partner": IdentityEntry("team", callers="partner"),
    }
)


def refused(ca: str, key_id: str, *principals: str) -> Code:
    with pytest.raises(Refused) as caught:
        REGISTRY.find(ca=ca, key_id=key_id, principals=principals)
    return caught.value.code


def test_by_name_and_by_match() -> None:
    assert REGISTRY.find(ca="main", key_id="job", principals=["x", "job"])[0] == "job"
    assert REGISTRY.find(ca="main", key_id="ci/job 7", principals=["anything"])[0] == "renamed"
    assert REGISTRY.find(ca="partner", key_id="partner", principals=["partner"])[1].callers == "partner"


def test_by_nothing_less() -> None:
    assert refused("main", "job", "x") is Code.IDENTITY_UNKNOWN
    assert refused("main", "x", "job") is Code.IDENTITY_UNKNOWN
    assert refused("partner", "job", "job") is Code.IDENTITY_UNKNOWN
    assert refused("main", "renamed", "renamed") is Code.IDENTITY_UNKNOWN
    assert refused("main", "strange", "strange") is Code.IDENTITY_UNKNOWN


def test_never_by_two_entries_and_never_disabled() -> None:
    assert refused("main", "twin", "twin") is Code.IDENTITY_UNKNOWN
    assert refused("main", "off", "off") is Code.IDENTITY_DISABLED


@pytest.mark.parametrize(("name", "code"), [("stranger", Code.IDENTITY_UNKNOWN), ("off", Code.IDENTITY_DISABLED)])
def test_who_may_have_a_certificate_goes_by_the_name_of_its_entry(name: str, code: Code) -> None:
    REGISTRY.check("job")
    with pytest.raises(Refused) as caught:
        REGISTRY.check(name)
    assert caught.value.code is code
