"""What certificate buys the next one, and that the next one is never wider."""

import base64
from collections.abc import Callable
from typing import Any

import asyncssh
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    SSHCertificate,
    SSHCertificateBuilder,
    SSHCertificateType,
    load_ssh_public_identity,
)

from jumphost.clock import NS_PER_S
from jumphost.config.edit import set_scalar
from jumphost.errors import Code
from jumphost.evidence import sshcert
from jumphost.signer.mint import load_key
from jumphost.signer.protocol import ExchangeCaller, Failed, IssueCaller, Issued, RenewCaller
from jumphost.testing.signing import SigningBench, new_public_line

NAME = "order-service"
FUTURE = 2**32


@pytest.fixture
def bench(tmp_path: Any) -> SigningBench:
    return SigningBench.create(tmp_path)


def issued(bench: SigningBench, **changes: Any) -> str:
    asked: dict[str, Any] = {"identity": NAME, "public_key": new_public_line(), "ttl_s": 600, **changes}
    found = bench.ask(IssueCaller(**asked))
    assert isinstance(found, Issued)
    return found.certificate


def renewed(bench: SigningBench, old: str, **changes: Any) -> str:
    asked: dict[str, Any] = {"identity": NAME, "certificate": old, "public_key": new_public_line(), **changes}
    found = bench.ask(RenewCaller(**asked))
    assert isinstance(found, Issued), found
    return found.certificate


def refusal(bench: SigningBench, old: str, **changes: Any) -> str:
    asked: dict[str, Any] = {"identity": NAME, "certificate": old, "public_key": new_public_line(), **changes}
    found = bench.ask(RenewCaller(**asked))
    assert isinstance(found, Failed)
    assert found.code == Code.SIGNER_REFUSED
    return found.message


def read(line: str) -> SSHCertificate:
    made = load_ssh_public_identity(line.encode())
    assert isinstance(made, SSHCertificate)
    return made


def by_hand(bench: SigningBench, *, ca: str = "caller_ca", how: str = "user", **options: Any) -> str:
    """A certificate by a CA's own key, which the signer did not draft."""
    now = bench.clock.now_ns() // NS_PER_S
    key = asyncssh.read_private_key(bench.site.signer / ca)
    options = {"principals": [NAME], "valid_after": now - 30, "valid_before": now + 600, **options}
    make = key.generate_user_certificate if how == "user" else key.generate_host_certificate
    return str(make(asyncssh.generate_private_key("ssh-ed25519"), NAME, **options).export_certificate().decode())


def test_the_next_one_is_the_same_but_for_key_serial_and_time(bench: SigningBench) -> None:
    narrow = {"scope": ("exec:payments-db",), "source_address": ("10.0.0.0/8",), "force_command": "psql -l"}
    old = issued(bench, **narrow)
    bench.clock.advance(400)
    before, after = read(old), read(renewed(bench, old, public_key=(key := new_public_line())))
    for name in ("key_id", "valid_principals", "critical_options", "type"):
        assert getattr(after, name) == getattr(before, name)
    assert {name: value for name, value in after.extensions.items() if name in before.extensions} == before.extensions
    assert after.serial != before.serial
    assert after.public_key() == load_ssh_public_identity(key.encode())
    assert after.valid_before - after.valid_after == before.valid_before - before.valid_after
    assert after.valid_before - before.valid_before == 400


def test_generations_are_counted_in_one_family(bench: SigningBench) -> None:
    first = issued(bench)
    second = renewed(bench, first)
    third = renewed(bench, second)
    family = msgspec.json.encode(sshcert.family(sshcert.read(base64.b64decode(first.split()[1]))))
    for line, generation in ((second, b"1"), (third, b"2")):
        found = read(line).extensions
        assert (found[b"family@jumphost"], found[b"generation@jumphost"]) == (family, generation)


def test_the_log_says_which_one_bought_it(bench: SigningBench) -> None:
    old = issued(bench)
    renewed(bench, old)
    record = bench.records.since(0)[-1]
    assert (record.kind, record.principal, record.renewed) == ("caller", NAME, str(read(old).serial))


def test_the_ceiling_of_now_counts(bench: SigningBench) -> None:
    old = issued(bench)
    bench.rewrite(bench.site.settings, lambda settings: settings["callers"]["main"].update(max_ttl="2m"))
    made = read(renewed(bench, old))
    assert made.valid_before == bench.clock.now_ns() // NS_PER_S + 120


def test_renewals_end_with_their_horizon(bench: SigningBench) -> None:
    bench.rewrite(bench.site.settings, lambda settings: settings["callers"]["main"].update(renew_for="15m"))
    line = issued(bench)
    start = read(line).valid_after
    for _ in range(2):
        bench.clock.advance(400)
        line = renewed(bench, line)
    assert read(line).valid_before == start + 900
    bench.clock.advance(69)
    assert read(renewed(bench, line)).valid_before == start + 900
    bench.clock.advance(1)
    assert "lives now" in refusal(bench, line)


def test_a_horizon_that_was_shortened_counts(bench: SigningBench) -> None:
    old = issued(bench)
    bench.rewrite(bench.site.settings, lambda settings: settings["callers"]["main"].update(renew_for="1s"))
    assert "cannot be renewed any more" in refusal(bench, old)


OTHERS: dict[str, tuple[Callable[[SigningBench], str], str]] = {
    "of another CA": (lambda bench: by_hand(bench, ca="target_ca"), "another CA"),
    "a host's": (lambda bench: by_hand(bench, how="host"), "host certificate"),
    "of another identity": (lambda bench: issued(bench, identity="backup-job"), f"expected one of {NAME}"),
    "for everybody": (lambda bench: by_hand(bench, principals=[]), f"expected one of {NAME}"),
    "not begun": (lambda bench: by_hand(bench, valid_after=FUTURE, valid_before=FUTURE + 60), "lives now"),
    "no certificate": (lambda _: new_public_line(), "got a plain key"),
    "nothing": (lambda _: "", "got no certificate"),
    "no base64": (lambda _: "ssh-ed25519-cert-v01@openssh.com ???", "got no certificate"),
    "changed": (lambda bench: changed(issued(bench, scope=("exec:a",))), "did not sign"),
}


def changed(line: str) -> str:
    """Another target in its scope."""
    kind, body = line.split(" ")[:2]
    return f"{kind} {base64.b64encode(base64.b64decode(body).replace(b'exec:a', b'exec:*')).decode()}"


@pytest.mark.parametrize(("make", "says"), OTHERS.values(), ids=OTHERS.keys())
def test_what_buys_nothing(bench: SigningBench, make: Callable[[SigningBench], str], says: str) -> None:
    assert says in refusal(bench, make(bench))


def test_a_certificate_that_ended_buys_nothing(bench: SigningBench) -> None:
    old = issued(bench)
    bench.clock.advance(600)
    assert "lives now" in refusal(bench, old)


def test_an_identity_that_is_disabled_or_gone_gets_none(bench: SigningBench) -> None:
    old = issued(bench)
    set_scalar(bench.site.identities, NAME, "enabled", value=False, check=lambda _: None)
    assert "registered and enabled" in refusal(bench, old)
    bench.rewrite(bench.site.identities, lambda entries: entries.pop(NAME))
    assert "registered and enabled" in refusal(bench, old)


@pytest.mark.parametrize("key", ["", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3M="])
def test_a_key_that_is_none_gets_none(bench: SigningBench, key: str) -> None:
    assert refusal(bench, issued(bench), public_key=key)


def bought(bench: SigningBench, **changes: Any) -> str:
    """A certificate by a token."""
    declare(bench, **changes)
    asked = ExchangeCaller("ci", "repo:acme", {"repository": ("acme/payments",)}, NAME, new_public_line())
    found = bench.ask(asked)
    assert isinstance(found, Issued), found
    return found.certificate


def declare(bench: SigningBench, **changes: Any) -> None:
    match = [{"require": {"repository": "acme/payments"}, "identity": NAME}]
    entry = {"issuer": "https://ci.example", "audience": "jumphost", "match": match, **changes}
    bench.rewrite(bench.site.settings, lambda settings: settings.update(issuers={"ci": entry}))


def test_what_a_token_bought_is_renewed_for_a_day(bench: SigningBench) -> None:
    line = bought(bench)
    start, renewals = read(line).valid_after, 0
    while read(line).valid_before < start + 86_400:
        bench.clock.advance(500)
        line, renewals = renewed(bench, line), renewals + 1
    assert renewals > 100, "not one life: a day of them"
    assert read(line).valid_before == start + 86_400
    bench.clock.advance(read(line).valid_before - bench.clock.now_ns() // NS_PER_S - 1)
    assert read(renewed(bench, line)).valid_before == start + 86_400, "at its last second it gains none"


@pytest.mark.parametrize("horizon", [0, "30s"])
def test_what_an_issuer_allows_no_renewal_of(bench: SigningBench, horizon: Any) -> None:
    old = bought(bench, renew_for=horizon)
    assert "cannot be renewed any more, expected a new one: `jumphost login`" in refusal(bench, old)


def test_the_horizon_of_an_issuer_does_not_lift_that_of_the_ca(bench: SigningBench) -> None:
    old = bought(bench, renew_for="7d")
    bench.rewrite(bench.site.settings, lambda settings: settings["callers"]["main"].update(renew_for="1s"))
    assert "cannot be renewed any more" in refusal(bench, old)


def test_the_issuer_of_now_counts(bench: SigningBench) -> None:
    old = bought(bench)
    declare(bench, max_ttl="2m")
    assert read(renewed(bench, old)).valid_before == bench.clock.now_ns() // NS_PER_S + 120
    declare(bench, match=[{"require": {"repository": "acme/payments"}, "identity": "batch-reader"}])
    assert "expected an issuer that vouches for order-service" in refusal(bench, old)
    bench.rewrite(bench.site.settings, lambda settings: settings.pop("issuers"))
    assert "expected an issuer that vouches for order-service" in refusal(bench, old)
    assert renewed(bench, issued(bench)), "what no token bought has no issuer to ask"


def test_a_mark_of_an_issuer_that_cannot_be_read(bench: SigningBench) -> None:
    """By the CA's own key, as after a bug: who vouched is not known, so nobody did."""
    old = by_extension(bench, b"issuer@jumphost", b"[]")
    assert "malformed extension issuer@jumphost" in refusal(bench, old)


def by_extension(bench: SigningBench, name: bytes, value: bytes) -> str:
    now = bench.clock.now_ns() // NS_PER_S
    builder = SSHCertificateBuilder().public_key(Ed25519PrivateKey.generate().public_key()).serial(1)
    builder = builder.type(SSHCertificateType.USER).key_id(NAME.encode()).valid_principals([NAME.encode()])
    builder = builder.valid_after(now - 30).valid_before(now + 600).add_extension(name, value)
    return builder.sign(load_key(bench.site.signer / "caller_ca")).public_bytes().decode()
