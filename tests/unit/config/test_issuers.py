"""What a verified token is good for, and what may stand under ``issuers:`` and ``exchange:``."""

from pathlib import Path
from typing import Any

import pytest

from jumphost.config import check
from jumphost.config.issuers import (
    MAX_TEXT,
    MAX_VALUES,
    ActorClaim,
    GroupsClaim,
    Issuer,
    Match,
    declared,
    granted,
    is_url,
    web_address,
)
from jumphost.config.load import load_site
from jumphost.config.settings import Exchange
from jumphost.config.site import Site
from jumphost.errors import Code, Problems, Refused

MAIN = Match({"repository": "acme/payments", "ref": "refs/heads/main"}, "order-service", ("exec:payments-db",))
ANY = Match({"repository": "acme/payments"}, "batch-reader")
CI = Issuer(
    issuer="https://ci.example",
    audience="jumphost",
    match=(MAIN, ANY),
    groups=GroupsClaim("roles", {"batch": "batch", "also": "batch", "dba": "readonly"}),
    actor=ActorClaim("actor"),
    claims=("run_id", "protected"),
)
CLAIMS = {"repository": "acme/payments", "ref": "refs/heads/main", "sub": "x", "run_id": 7}


def grant(issuer: Issuer = CI, **changes: Any) -> Any:
    return granted(issuer, declared(issuer, {**CLAIMS, **changes}))


def test_the_first_match_names_the_identity() -> None:
    assert (grant().identity, grant().scope) == ("order-service", ("exec:payments-db",))
    other = grant(ref="refs/heads/other")
    assert (other.identity, other.scope) == ("batch-reader", None)


@pytest.mark.parametrize(
    "changes",
    [
        {"repository": "acme/payments2"},
        {"repository": "ACME/payments"},
        {"repository": None},
        {"repository": []},
        {"repository": ""},
    ],
)
def test_no_match_is_no_identity(changes: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        grant(**changes)
    assert caught.value.code is Code.TOKEN_NO_MATCH


def test_nothing_required_matches_nothing() -> None:
    with pytest.raises(Refused):
        grant(Issuer("i", "a", (Match({}, "order-service"),)))


def test_only_what_is_declared_is_carried() -> None:
    made = grant(secret="not declared", protected=True)
    assert made.claims == {
        "repository": "acme/payments",
        "ref": "refs/heads/main",
        "run_id": "7",
        "protected": "true",
    }


def test_groups_and_actors_come_by_the_map_alone() -> None:
    made = grant(roles=["batch", "also", "admin", "dba"], actor="alice")
    assert (made.groups, made.actor) == (("batch", "readonly"), "alice")
    assert (grant(roles="batch").groups, grant().groups, grant().actor) == (("batch",), (), "")
    without = Issuer("i", "a", (ANY,))
    assert (grant(without, roles=["batch"], actor="alice").groups, grant(without, actor="a").actor) == ((), "")
    with pytest.raises(Refused, match="got 2 actors"):
        grant(actor=["alice", "bob"])


def test_a_list_of_values_has_what_is_required() -> None:
    assert grant(ref=["refs/heads/x", "refs/heads/main"]).identity == "order-service"


def test_nested_claims_by_pointer() -> None:
    path = "/kubernetes.io/serviceaccount/name"
    issuer = Issuer("i", "a", (Match({path: "job", "/a~1b/~0": "x"}, "batch-reader"),))
    nested = {"kubernetes.io": {"serviceaccount": {"name": "job"}}, "a/b": {"~": "x"}}
    assert granted(issuer, declared(issuer, nested)).identity == "batch-reader"
    assert declared(issuer, {"kubernetes.io": "text", "a/b": None}) == {}


@pytest.mark.parametrize(
    "value",
    [1.5, {"a": 1}, [["x"]], "a\0b", "\ud800", "a\u202eb", "x" * (MAX_TEXT + 1), ["x"] * (MAX_VALUES + 1), [None]],
)
def test_values_that_cannot_be_looked_at(value: Any) -> None:
    with pytest.raises(Refused) as caught:
        grant(run_id=value)
    assert caught.value.code is Code.TOKEN_CLAIMS
    assert grant(other=value).identity == "order-service", "what is not declared is not looked at"


@pytest.mark.parametrize(
    "url", ["https://ci.example/keys?v=1", "http://127.0.0.1:8080/keys", "http://[::1]/keys", "https://ci.example:444"]
)
def test_web_addresses(url: str) -> None:
    assert web_address(url) == url
    assert is_url(url)


@pytest.mark.parametrize(
    "url",
    ["", "ci.example", "http://ci.example", "http://localhost", "https://", "https://a@b", "https://a#b", "file:///x"],
)
def test_what_is_no_web_address(url: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        web_address(url)


ISSUER = """
issuers:
  {name}:
    {fields}
    match: [{{require: {{repository: acme/payments}}, identity: order-service}}]
"""
GOOD = "issuer: 'https://ci.example'\n    audience: jumphost"


def problems(site: Site, text: str) -> str:
    site.settings.write_text(site.settings.read_text() + text)
    with pytest.raises(Problems) as caught:
        load_site(site)
    return str(caught.value.message)


def test_an_issuer_of_a_site(site: Site) -> None:
    (site.root / "keys.json").write_text("{}")
    site.settings.write_text(
        site.settings.read_text()
        + "\nexchange: {listen: '127.0.0.1:0'}"
        + ISSUER.format(name="ci", fields=GOOD + "\n    jwks: keys.json\n    actor: {claim: actor}")
    )
    settings = load_site(site).settings
    assert settings.exchange.listen == "127.0.0.1:0"
    assert settings.issuers["ci"] == Issuer(
        issuer="https://ci.example",
        audience="jumphost",
        match=(Match({"repository": "acme/payments"}, "order-service"),),
        jwks="keys.json",
        actor=ActorClaim("actor"),
    )


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("ci", "issuer: 'http://ci.example'\n    audience: jumphost", "expected https"),
        ("ci", "issuer: ''\n    audience: jumphost", "got an empty issuer or audience"),
        ("ci", "issuer: 'https://ci.example'", "issuers.ci: got no 'audience'"),
        ("ci", GOOD + "\n    jwks: none.json", "issuers.ci.jwks: got 'none.json', expected a file"),
        ("ci", GOOD + "\n    jwks: 'http://ci.example/keys'", "expected https"),
        ("ci", GOOD + "\n    recipient: 'https://gw'", "with kind: saml only"),
        ("ci", GOOD + "\n    kind: saml", "got no certificate or no recipient"),
        ("ci", GOOD + "\n    kind: spiffe", "expected a trust domain"),
        ("ci", "kind: spiffe\n    issuer: 'spiffe://a.b'\n    audience: x", "got no jwks"),
        ("ci", GOOD + "\n    groups: {claim: roles, map: {a: 'b c'}}", "issuers.ci.groups.map.a: got 'b c'"),
        ("main", GOOD, "got 'main' under callers and under issuers"),
        ("'a b'", GOOD, "issuers: got 'a b'"),
    ],
)
def test_what_is_no_issuer(site: Site, name: str, fields: str, says: str) -> None:
    assert says in problems(site, ISSUER.format(name=name, fields=fields))


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ("[]", "issuers.ci.match: got none"),
        ("[{require: {}, identity: a}]", "issuers.ci.match[0].require: got none"),
        ("[{require: {ref: ''}, identity: a}]", "issuers.ci.match[0].require.ref: got none"),
        ("[{require: {ref: x}, identity: 'a b'}]", "issuers.ci.match[0].identity: got 'a b'"),
        ("[{require: {ref: x}, identity: a, scope: [exec]}]", "issuers.ci.match[0].scope[0]: got 'exec'"),
        ("[{identity: a}]", "issuers.ci.match[0]: got no 'require'"),
    ],
)
def test_a_match_requires_something(site: Site, match: str, says: str) -> None:
    assert says in problems(site, f"\nissuers:\n  ci:\n    {GOOD}\n    match: {match}\n")


def test_one_entry_an_issuer(site: Site) -> None:
    text = ISSUER.format(name="a", fields=GOOD) + ISSUER.format(name="b", fields=GOOD).replace("\nissuers:\n", "")
    assert "got 'https://ci.example' as a and as b" in problems(site, text)


@pytest.mark.parametrize(
    ("exchange", "says"),
    [
        (Exchange("10.0.0.1:443"), "without cert and key"),
        (Exchange("gateway.example:443"), "without cert and key"),
        (Exchange("127.0.0.1:1", cert="c"), "got one of cert and key"),
        (Exchange("here"), "expected ADDRESS:PORT"),
    ],
)
def test_what_is_no_exchange(exchange: Exchange, says: str) -> None:
    assert says in " ".join(check.SETTINGS["exchange"](exchange))


def test_exchanges(site: Site, tmp_path: Path) -> None:
    for exchange in (Exchange(), Exchange("[::1]:0"), Exchange("0.0.0.0:443", cert="c", key="k")):
        assert not list(check.SETTINGS["exchange"](exchange))
    (tmp_path / "cert.pem").write_text("")
    (tmp_path / "key.pem").write_text("")
    (tmp_path / "key.pem").chmod(0o644)
    text = f"\nexchange: {{listen: '0.0.0.0:0', cert: {tmp_path}/cert.pem, key: {tmp_path}/key.pem}}\n"
    assert "got mode 0644, expected 0600" in problems(site, text)
