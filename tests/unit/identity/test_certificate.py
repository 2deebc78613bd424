"""What a certificate says of its caller; its wrong forms are in tests/attacks/test_certificates.py."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import SSHCertificateBuilder, SSHCertificateType
from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

from jumphost.clock import NS_PER_S
from jumphost.config.issuers import GroupsClaim, Issuer, Match
from jumphost.errors import Code, Refused
from jumphost.identity.certificate import verify
from jumphost.identity.registry import Registry
from jumphost.identity.revocation import Revocation, Revocations
from jumphost.identity.trust import Trust, TrustedCA
from jumphost.model.identity import Caller, IdentityEntry
from jumphost.sshkey import MAX_BLOB, read_line, string
from jumphost.testing.clock import ManualClock

CA = ed25519.Ed25519PrivateKey.from_private_bytes(b"a" * 32)
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
TARGET_CA = ed25519.Ed25519PrivateKey.from_private_bytes(b"t" * 32)
CA_KEY = read_line(serialize_ssh_public_key(CA.public_key()).decode())
NOW = ManualClock().now_ns()
NOW_S = NOW // NS_PER_S


def certified(*, key: Any = KEY, ca: Any = CA, **changes: Any) -> bytes:
    fields: dict[str, Any] = {
        "type": SSHCertificateType.USER,
        "public_key": key.public_key(),
        "serial": 2**64 - 1,
        "key_id": b"job",
        "valid_principals": [b"job", b"spare"],
        "valid_after": NOW_S - 60,
        "valid_before": NOW_S + 300,
        **changes,
    }
    builder = SSHCertificateBuilder()
    options, extensions = fields.pop("options", {}), fields.pop("extensions", {})
    for name, value in fields.items():
        builder = getattr(builder, name)(value)
    for name, value in options.items():
        builder = builder.add_critical_option(name, value)
    for name, value in extensions.items():
        builder = builder.add_extension(name, value)
    return base64.b64decode(builder.sign(ca).public_bytes().split(b" ")[1])


def login(
    blob: bytes,
    *,
    ca: Any = CA,
    now_ns: int = NOW,
    max_ttl_s: int = 900,
    revoked: tuple[Revocation, ...] = (),
    issuers: Mapping[str, Issuer] = {},
    own: bool = True,
    **entry: Any,
) -> Caller:
    blob_of_ca = read_line(serialize_ssh_public_key(ca.public_key()).decode()).blob
    registry = Registry({"job": IdentityEntry("team", groups=("a", "b"), **entry)})
    target_ca = read_line(serialize_ssh_public_key(TARGET_CA.public_key()).decode()).blob
    callers = {blob_of_ca: TrustedCA("main", "SHA256:ca", max_ttl_s, own=own)}
    trust = Trust(callers, registry, frozenset({target_ca}), Revocations(revoked), issuers)
    return verify(blob, trust=trust, source="127.0.0.1", now_ns=now_ns)


def refused(blob: bytes, **how: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        login(blob, **how)
    return caught.value


def test_the_caller_as_its_certificate_says() -> None:
    caller = login(certified())
    identity, facts = caller.identity, caller.identity.certificate
    assert (identity.name, identity.owner, identity.issuer, identity.subject) == ("job", "team", "main", "job")
    assert (identity.groups, identity.claims, identity.scope) == (("a", "b"), {}, ("*:*",))
    assert (facts.serial, facts.key_id, facts.principals) == ("18446744073709551615", "job", ("job", "spare"))
    assert (facts.ca, facts.source_address, facts.force_command) == ("SHA256:ca", (), "")
    assert (facts.valid_after, facts.valid_before) == ("2026-11-22T01:59:00.000Z", "2026-11-22T02:05:00.000Z")
    assert caller.expires_ns == NOW + 300 * NS_PER_S
    assert caller.key == read_line(serialize_ssh_public_key(KEY.public_key()).decode()).fingerprint
    assert (caller.scopes, caller.generation) == ((), 0)


def test_what_was_revoked_does_not_log_in() -> None:
    assert refused(certified(), revoked=(Revocation("identity", "job"),)).code is Code.IDENTITY_REVOKED


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_keys_and_cas_of_every_kind(curve: ec.EllipticCurve) -> None:
    private = ec.derive_private_key(7, curve)
    assert login(certified(key=private)).identity.name == "job"
    assert login(certified(ca=private), ca=private).identity.name == "job"


def test_rsa_keys_and_cas() -> None:
    private = rsa.generate_private_key(65537, 3072)
    assert login(certified(key=private, ca=private), ca=private).identity.name == "job"


def test_it_lives_from_its_first_second_to_before_its_last() -> None:
    blob = certified()
    assert login(blob, now_ns=(NOW_S - 60) * NS_PER_S).identity.name == "job"
    assert login(blob, now_ns=(NOW_S + 300) * NS_PER_S - 1).identity.name == "job"
    assert refused(blob, now_ns=(NOW_S - 60) * NS_PER_S - 1).code is Code.IDENTITY_NOT_YET_VALID
    assert refused(blob, now_ns=(NOW_S + 300) * NS_PER_S).code is Code.IDENTITY_EXPIRED


def test_the_ceiling_to_the_second() -> None:
    assert login(certified(), max_ttl_s=300).identity.name == "job"
    assert "got a certificate for 360 s, expected at most 299 s" in refused(certified(), max_ttl_s=299).message


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (lambda: CA_KEY.blob, Code.IDENTITY_PLAIN_KEY),
        (lambda: string(b"new-cert-v01@openssh.com") + string(b"x" * 32), Code.IDENTITY_WEAK_KEY),
        (lambda: string(b"ssh-dss-cert-v01@openssh.com"), Code.IDENTITY_WEAK_KEY),
        (lambda: string(b"sk-ssh-ed25519-cert-v01@openssh.com"), Code.IDENTITY_WEAK_KEY),
        (lambda: certified()[:-1], Code.IDENTITY_MALFORMED),
        (lambda: certified(ca=KEY), Code.IDENTITY_UNKNOWN_CA),
        (lambda: certified(ca=TARGET_CA), Code.IDENTITY_TARGET_CA),
        (lambda: certified()[:-1] + b"\xff", Code.IDENTITY_BAD_SIGNATURE),
        (lambda: certified(type=SSHCertificateType.HOST), Code.IDENTITY_HOST_CERTIFICATE),
        (lambda: certified(key=rsa.generate_private_key(65537, 2048)), Code.IDENTITY_WEAK_KEY),
        (lambda: everybody(), Code.IDENTITY_NO_PRINCIPALS),
        (lambda: certified(options={b"verify-required": b""}), Code.IDENTITY_CRITICAL_OPTION),
        (lambda: certified(options={b"source-address": b"10.0.0.0/8"}), Code.IDENTITY_SOURCE_ADDRESS),
    ],
)
def test_each_refusal(made: Callable[[], bytes], code: Code) -> None:
    assert refused(made()).code is code


def everybody() -> bytes:
    builder = SSHCertificateBuilder().type(SSHCertificateType.USER).public_key(KEY.public_key()).key_id(b"job")
    builder = builder.valid_for_all_principals().valid_after(NOW_S - 60).valid_before(NOW_S + 300)
    return base64.b64decode(builder.sign(CA).public_bytes().split(b" ")[1])


def test_a_signature_with_sha1_is_refused_before_it_is_looked_at() -> None:
    private = rsa.generate_private_key(65537, 3072)
    blob = certified(ca=private)
    old = blob.replace(string(b"rsa-sha2-512"), string(b"ssh-rsa"))
    shorter = len(string(b"rsa-sha2-512")) - len(string(b"ssh-rsa"))
    length = len(string(b"rsa-sha2-512")) + 4 + 384
    old = old.replace(
        length.to_bytes(4, "big") + string(b"ssh-rsa"), (length - shorter).to_bytes(4, "big") + string(b"ssh-rsa")
    )
    assert refused(old, ca=private).code is Code.IDENTITY_WEAK_SIGNATURE


def test_a_source_that_is_no_address_fits_no_condition() -> None:
    trust = Trust({CA_KEY.blob: TrustedCA("main", "SHA256:ca", 900)}, Registry({"job": IdentityEntry("team")}))
    blob = certified(options={b"source-address": b"0.0.0.0/0"})
    with pytest.raises(Refused, match="expected an address"):
        verify(blob, trust=trust, source="unix", now_ns=NOW)
    assert verify(blob, trust=trust, source="::ffff:10.0.0.1", now_ns=NOW).identity.name == "job"


def test_extensions_narrow_and_inform() -> None:
    extensions = {
        b"scope@jumphost": b'["exec:a"]',
        b"groups@jumphost": b'["b","c"]',
        b"claims@jumphost": b'{"sub":"repo:acme"}',
        b"generation@jumphost": b"3",
        b"permit-pty": b"",
        b"unknown@elsewhere": b"x",
    }
    caller = login(certified(extensions=extensions), scope=("exec:*", "shell:*"))
    assert caller.scopes == (("exec:*", "shell:*"), ("exec:a",))
    assert caller.identity.scope == ("exec:a",)
    assert caller.identity.groups == ("b",)
    assert caller.identity.claims == {"sub": "repo:acme"}
    assert caller.generation == 3


CI = Issuer("https://ci.example", "jumphost", (Match({"a": "b"}, "job"),), groups=GroupsClaim("roles", {"x": "c"}))
BOUGHT = {
    b"issuer@jumphost": b'{"name":"ci","subject":"repo:acme","actor":"alice"}',
    b"groups@jumphost": b'["b","c","d"]',
}


def test_who_vouched_by_a_token() -> None:
    caller = login(certified(extensions=BOUGHT), issuers={"ci": CI})
    identity = caller.identity
    assert (identity.issuer, identity.subject, identity.actor, caller.ca) == ("ci", "repo:acme", "alice", "main")
    assert identity.groups == ("b", "c"), "those of the registry, and those that the issuer may give"
    plain = login(certified(), issuers={"ci": CI})
    assert (plain.identity.issuer, plain.identity.actor, plain.ca) == ("main", "", "main")
    assert login(certified(extensions={b"groups@jumphost": b'["b","c"]'}), issuers={"ci": CI}).identity.groups == ("b",)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"issuers": {"other": CI}},
        {"issuers": {"ci": Issuer("https://ci.example", "jumphost", (Match({"a": "b"}, "other"),))}},
        {"issuers": {"ci": CI}, "own": False},
    ],
    ids=["none", "another", "not for it", "the word of another CA"],
)
def test_an_issuer_that_does_not_vouch_for_it(how: dict[str, Any]) -> None:
    assert refused(certified(extensions=BOUGHT), **how).code is Code.IDENTITY_UNKNOWN_ISSUER


def test_an_entry_without_rights_has_none() -> None:
    caller = login(certified(), scope=())
    assert (caller.scopes, caller.identity.scope) == (((),), ())
    assert login(certified(extensions={b"groups@jumphost": b"[]"})).identity.groups == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"scope@jumphost", b'"exec:a"'),
        (b"scope@jumphost", b""),
        (b"groups@jumphost", b"[1]"),
        (b"claims@jumphost", b'{"n":1}'),
        (b"issuer@jumphost", b'{"name":"ci"}'),
        (b"issuer@jumphost", b'"ci"'),
        (b"generation@jumphost", b'"3"'),
        (b"generation@jumphost", b"\xff"),
    ],
)
def test_a_malformed_extension_of_ours_is_refused(name: bytes, value: bytes) -> None:
    error = refused(certified(extensions={name: value}))
    assert error.code is Code.IDENTITY_MALFORMED
    assert name.decode() in error.message


@pytest.mark.parametrize(
    "changes",
    [
        {"key_id": b"\xff"},
        {"valid_principals": [b"job", b"\xff"]},
        {"options": {b"source-address": b"10.0.0.1/8"}},
        {"options": {b"source-address": b""}},
        {"options": {b"source-address": b"127.0.0.1,"}},
        {"options": {b"source-address": b"\xff"}},
        {"options": {b"force-command": b"\xff"}},
        {"valid_before": 2**63, "max_ttl_s": 2**64},
    ],
)
def test_what_cannot_be_a_fact_is_malformed(changes: dict[str, Any]) -> None:
    how = {"max_ttl_s": changes.pop("max_ttl_s", 900)}
    assert refused(certified(**changes), **how).code is Code.IDENTITY_MALFORMED


def test_more_bytes_than_a_certificate_has_are_not_read() -> None:
    assert "cannot be read" in refused(bytes(MAX_BLOB + 1)).message


def test_empty_forced_command_does_not_read_as_none() -> None:
    assert refused(certified(options={b"force-command": b""})).code is Code.IDENTITY_CRITICAL_OPTION
