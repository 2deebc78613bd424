"""The registered claims: audience, times, subject, and what makes a token the same token."""

from typing import Any

import pytest

from jumphost.clock import NS_PER_S
from jumphost.errors import Code, Refused
from jumphost.identity import claims, jws
from jumphost.identity.base import LEEWAY_S, MAX_LIFE_S, VerifiedClaims
from jumphost.testing.clock import ManualClock
from jumphost.testing.issuer import AUDIENCE, LocalIssuer, unverified

CLOCK = ManualClock()
NOW_S = CLOCK.now_ns() // NS_PER_S
ISSUER = LocalIssuer(CLOCK)


def check(name: str = "ci", **changes: Any) -> VerifiedClaims:
    token = jws.read(unverified(ISSUER.token(**changes)))
    return claims.check(token, name=name, audience=AUDIENCE, now_ns=CLOCK.now_ns())


def test_what_a_good_token_says() -> None:
    found = check(ref="refs/heads/main", exp=NOW_S + 60)
    assert (found.issuer, found.subject, found.claims["ref"]) == ("ci", ISSUER.claims()["sub"], "refs/heads/main")
    assert found.until_s == NOW_S + 60 + LEEWAY_S + 1


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": ["other", AUDIENCE]},
        {"nbf": None},
        {"iat": None},
        {"nbf": None, "iat": None},
        {"nbf": NOW_S + LEEWAY_S},
        {"iat": NOW_S + LEEWAY_S},
        {"iat": NOW_S - 0.5},
        {"exp": NOW_S - LEEWAY_S + 1},
        {"exp": NOW_S + MAX_LIFE_S},
        {"jti": None},
        {"jti": 7},
    ],
)
def test_what_is_still_good(changes: dict[str, Any]) -> None:
    assert check(**changes).issuer == "ci"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"aud": "other"}, Code.TOKEN_AUDIENCE),
        ({"aud": None}, Code.TOKEN_AUDIENCE),
        ({"aud": []}, Code.TOKEN_AUDIENCE),
        ({"aud": ""}, Code.TOKEN_AUDIENCE),
        ({"aud": AUDIENCE.upper()}, Code.TOKEN_AUDIENCE),
        ({"aud": {AUDIENCE: 1}}, Code.TOKEN_AUDIENCE),
        ({"aud": [[AUDIENCE]]}, Code.TOKEN_AUDIENCE),
        ({"exp": NOW_S - LEEWAY_S}, Code.TOKEN_EXPIRED),
        ({"exp": 0}, Code.TOKEN_EXPIRED),
        ({"exp": None}, Code.TOKEN_CLAIMS),
        ({"exp": str(NOW_S + 60)}, Code.TOKEN_CLAIMS),
        ({"exp": True}, Code.TOKEN_CLAIMS),
        ({"exp": -1}, Code.TOKEN_CLAIMS),
        ({"exp": 1e300}, Code.TOKEN_CLAIMS),
        ({"exp": NOW_S + MAX_LIFE_S + 1}, Code.TOKEN_CLAIMS),
        ({"nbf": NOW_S + LEEWAY_S + 1}, Code.TOKEN_NOT_YET_VALID),
        ({"iat": NOW_S + LEEWAY_S + 1}, Code.TOKEN_NOT_YET_VALID),
        ({"iat": "now"}, Code.TOKEN_CLAIMS),
        ({"nbf": "now"}, Code.TOKEN_CLAIMS),
        ({"sub": 7}, Code.TOKEN_CLAIMS),
        ({"sub": "a\0b"}, Code.TOKEN_CLAIMS),
        ({"sub": "\ud800"}, Code.TOKEN_CLAIMS),
        ({"sub": "x" * 1025}, Code.TOKEN_CLAIMS),
    ],
)
def test_what_is_refused(changes: dict[str, Any], code: Code) -> None:
    with pytest.raises(Refused) as caught:
        check(**changes)
    assert caught.value.code is code


def test_each_beginning_counts() -> None:
    for field, other in (("nbf", "iat"), ("iat", "nbf")):
        with pytest.raises(Refused):
            check(**{field: NOW_S + LEEWAY_S + 1, other: None})


def test_a_token_of_nobody_in_particular() -> None:
    assert (check(sub=None).subject, check(sub="").subject) == ("", "")


def test_what_makes_two_tokens_one() -> None:
    assert check(jti="a").once == check(jti="a", sub="other").once
    assert check(jti="a").once != check(jti="b").once
    assert check(jti="a").once != check(jti="a", name="other").once, "each issuer has ids of its own"
    assert check(jti=None).once != check(jti=None, sub="other").once
    assert check(jti="").once == check(jti="").once != check(jti=None).once
