"""What certificate a caller gets, and who gets none."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jumphost.clock import NS_PER_S
from jumphost.config.edit import append_entry, set_scalar
from jumphost.errors import Code, Refused
from jumphost.signer import callers
from jumphost.signer.callers import Ceiling
from jumphost.signer.draft import Draft
from jumphost.signer.protocol import IssueCaller
from jumphost.sshkey import string
from jumphost.testing.signing import SigningBench, new_public_line

MAIN = Ceiling("main", 900)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> SigningBench:
    """One for all: what is asked here changes nothing."""
    return SigningBench.create(tmp_path_factory.mktemp("callers"))


def certificate(public: Any) -> str:
    return str(public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode())


def issue(bench: SigningBench, ceiling: Ceiling = MAIN, **changes: Any) -> Draft:
    asked = {"identity": "order-service", "public_key": new_public_line(), "ttl_s": 600, **changes}
    return callers.certificate(IssueCaller(**asked), bench.config, ceiling, bench.clock.now_ns())


def test_a_caller_gets_its_name_its_groups_and_its_time(bench: SigningBench) -> None:
    draft = issue(bench)
    now = bench.clock.now_ns() // NS_PER_S
    assert (draft.ca, draft.kind, draft.key_id, draft.principal) == (
        "caller",
        "caller",
        "order-service",
        "order-service",
    )
    assert (draft.valid_after, draft.valid_before) == (now - 30, now + 600)
    assert (draft.critical, draft.extensions) == ({}, {"groups@jumphost": b'["payments"]'})


def test_who_names_no_time_gets_the_usual_one_within_the_ceiling(bench: SigningBench) -> None:
    now = bench.clock.now_ns() // NS_PER_S
    assert issue(bench, ttl_s=None).valid_before == now + 600
    assert issue(bench, Ceiling("main", 60), ttl_s=None).valid_before == now + 60


def test_a_caller_may_have_the_whole_ceiling(bench: SigningBench) -> None:
    now = bench.clock.now_ns() // NS_PER_S
    assert issue(bench, ttl_s=900).valid_before == now + 900


def test_a_caller_may_be_narrowed(bench: SigningBench) -> None:
    draft = issue(bench, scope=("exec:a", "exec:b:c"), source_address=("10.0.0.0/8", "::1"), force_command="psql -l")
    assert json.loads(draft.extensions["scope@jumphost"]) == ["exec:a", "exec:b:c"]
    assert draft.critical == {"source-address": "10.0.0.0/8,::1/128", "force-command": "psql -l"}
    assert issue(bench, scope=()).extensions["scope@jumphost"] == b"[]"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"identity": "stranger"}, "got identity 'stranger', expected one that is registered and enabled"),
        ({"identity": ""}, "got identity ''"),
        ({"ttl_s": 901}, "got a life of 901 s, expected at most 900 s (callers.main.max_ttl)"),
        ({"scope": ("exec",)}, "got the scopes ['exec']"),
        ({"source_address": ("10.0.0.1/8",)}, "got the source address '10.0.0.1/8'"),
        ({"force_command": "a\0b"}, "holds a NUL"),
        ({"public_key": "ssh-ed25519 x"}, "base64"),
        ({"public_key": certificate(rsa.generate_private_key(65537, 2048).public_key())}, "2048 bits"),
        ({"ceiling": Ceiling("other", 900)}, "which the CA 'main' names; ours is 'other'"),
    ],
)
def test_a_caller_is_refused(bench: SigningBench, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Refused, match=re.escape(says)) as caught:
        issue(bench, **changes)
    assert caught.value.code is Code.SIGNER_REFUSED


def test_security_keys_and_certificates_are_no_keys_of_machines(bench: SigningBench) -> None:
    point = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    raw = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    name = b"sk-ecdsa-sha2-nistp256@openssh.com"
    blob = string(name) + string(b"nistp256") + string(raw) + string(b"ssh:")
    with pytest.raises(Refused, match="got a security key"):
        issue(bench, public_key=f"{name.decode()} {base64.b64encode(blob).decode()}")
    kind = b"ssh-ed25519-cert-v01@openssh.com"
    with pytest.raises(Refused, match="got a certificate, expected a plain public key"):
        issue(bench, public_key=f"{kind.decode()} {base64.b64encode(string(kind)).decode()}")


def test_disabled_identities_and_key_ids_of_their_own(tmp_path: Path) -> None:
    bench = SigningBench.create(tmp_path)
    append_entry(bench.site.identities, "ci", {"owner": "team", "match": {"key_id": "ci-7"}}, check=lambda _: None)
    set_scalar(bench.site.identities, "batch-reader", "enabled", value=False, check=lambda _: None)
    assert (issue(bench, identity="ci").key_id, issue(bench, identity="ci").principal) == ("ci-7", "ci")
    with pytest.raises(Refused, match="registered and enabled"):
        issue(bench, identity="batch-reader")
