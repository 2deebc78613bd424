"""What certificate a token's claims buy, found by the signer's own copies."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import SSHCertificate, load_ssh_public_identity

from jumphost.clock import NS_PER_S
from jumphost.config.edit import set_scalar
from jumphost.errors import Code
from jumphost.signer.exchange import MAX_CLAIMS
from jumphost.signer.log import Record
from jumphost.signer.protocol import ExchangeCaller, Failed, Issued
from jumphost.testing.signing import SigningBench, new_public_line

NAME = "order-service"
CLAIMS = {"repository": ("acme/payments",)}
CI: dict[str, Any] = {
    "issuer": "https://ci.example",
    "audience": "jumphost",
    "match": [{"require": {"repository": "acme/payments"}, "identity": NAME}],
    "groups": {"claim": "roles", "map": {"release": "release", "dba": "payments"}},
    "actor": {"claim": "actor"},
    "claims": ["note", "more"],
    "max_ttl": 300,
}


def declare(bench: SigningBench, **changes: Any) -> None:
    bench.rewrite(bench.site.settings, lambda settings: settings.update(issuers={"ci": {**CI, **changes}}))


def asked(**changes: Any) -> ExchangeCaller:
    fields = {"issuer": "ci", "subject": "repo:acme", "claims": CLAIMS, "identity": NAME}
    return ExchangeCaller(**{**fields, "public_key": new_public_line(), **changes})


def sold(bench: SigningBench, **changes: Any) -> SSHCertificate:
    found = bench.ask(asked(**changes))
    assert isinstance(found, Issued), found
    certificate = load_ssh_public_identity(found.certificate.encode())
    assert isinstance(certificate, SSHCertificate)
    return certificate


def refusal(bench: SigningBench, **changes: Any) -> str:
    found = bench.ask(asked(**changes))
    assert isinstance(found, Failed)
    assert found.code == Code.SIGNER_REFUSED
    return found.message


def extension(certificate: SSHCertificate, name: str) -> Any:
    return json.loads(certificate.extensions[name.encode()])


def test_what_is_bought(bench: SigningBench) -> None:
    declare(bench)
    now = bench.clock.now_ns() // NS_PER_S
    made = sold(bench, claims={**CLAIMS, "roles": ("release", "dba", "x"), "actor": ("alice",), "note": ("n",)})
    assert (made.key_id, made.valid_principals, made.critical_options) == (NAME.encode(), [NAME.encode()], {})
    assert (made.valid_after, made.valid_before) == (now - 30, now + 300)
    assert extension(made, "groups@jumphost") == ["payments", "release"]
    assert extension(made, "claims@jumphost") == {"repository": "acme/payments", "actor": "alice", "note": "n"}
    assert extension(made, "issuer@jumphost") == {"name": "ci", "subject": "repo:acme", "actor": "alice"}
    assert b"scope@jumphost" not in made.extensions
    *_, last = map(json.loads, (bench.site.signer / "log.jsonl").read_text().splitlines())
    assert (last["kind"], last["principal"]) == ("exchange", NAME)
    assert Record(**last).serial == str(made.serial)


def test_a_life_within_the_ceilings(bench: SigningBench) -> None:
    declare(bench, max_ttl=7200)
    now = bench.clock.now_ns() // NS_PER_S
    assert sold(bench).valid_before == now + 600
    assert sold(bench, ttl_s=900).valid_before == now + 900
    assert "expected at most 900 s" in refusal(bench, ttl_s=901), "of callers.main"


@pytest.mark.parametrize(
    ("asks", "registry", "match", "left"),
    [
        (None, None, None, None),
        (("exec:a",), None, None, ["exec:a"]),
        (None, ["exec:a"], None, ["exec:a"]),
        (None, None, ["exec:a"], ["exec:a"]),
        (None, ["exec:*"], ["exec:a"], ["exec:a"]),
        (("exec:a", "exec:b", "shell:a"), ["exec:*"], ["*:a"], ["exec:a"]),
    ],
)
def test_scope_is_cut_to_registry_and_issuer(
    bench: SigningBench, asks: Any, registry: Any, match: Any, left: Any
) -> None:
    narrowed = {**CI["match"][0], "scope": match} if match else CI["match"][0]
    declare(bench, match=[narrowed])
    if registry:
        bench.rewrite(bench.site.identities, lambda entries: entries[NAME].update(scope=registry))
    made = sold(bench, scope=asks)
    assert (extension(made, "scope@jumphost") if left else None) == left


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"issuer": "other"}, "got claims of the issuer 'other'"),
        ({"claims": {"repository": ("acme/other",)}}, "no identity's here"),
        ({"claims": {}}, "no identity's here"),
        ({"identity": "deploy-bot"}, "got claims of order-service for a certificate of 'deploy-bot'"),
        ({"ttl_s": 301}, "expected at most 300 s (issuers.ci.max_ttl, callers)"),
        ({"scope": ("exec",)}, "expected OPERATION:TARGET[:LOGIN]"),
        ({"scope": ()}, "of which nothing is allowed"),
        ({"scope": ("shell:b",)}, "of which nothing is allowed"),
        ({"claims": {**CLAIMS, "note": ("x" * MAX_CLAIMS,)}}, "declare fewer of them"),
        ({"claims": {**CLAIMS, "actor": ("a", "b")}}, "got 2 actors"),
        ({"public_key": "ssh-rsa AAAA"}, "expected an SSH string"),
    ],
)
def test_a_gateway_that_asks_for_more_gets_nothing(bench: SigningBench, changes: Any, says: str) -> None:
    declare(bench, match=[{**CI["match"][0], "scope": ["exec:*"]}])
    assert says in refusal(bench, **changes)


def test_identities_that_may_have_none(bench: SigningBench) -> None:
    declare(bench)
    set_scalar(bench.site.identities, NAME, "enabled", value=False, check=lambda _: None)
    assert "expected one that is registered and enabled" in refusal(bench)
    declare(bench, match=[{"require": {"repository": "acme/payments"}, "identity": "nobody"}])
    assert "registered and enabled" in refusal(bench, identity="nobody")


def test_no_issuer_no_certificate(bench: SigningBench) -> None:
    assert "got claims of the issuer 'ci', expected one of issuers:" in refusal(bench)
