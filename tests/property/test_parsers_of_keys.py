"""Any bytes whatever: keys, certificates, signatures and questions are read, or refused in the documented way."""

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumphost.errors import Code, Refused
from jumphost.evidence import sshsig
from jumphost.identity.certificate import verify
from jumphost.identity.registry import Registry
from jumphost.identity.scope import allows, sees, valid
from jumphost.identity.trust import Trust, TrustedCA
from jumphost.model.identity import IdentityEntry
from jumphost.signer.protocol import answer, question
from jumphost.sshkey import PublicKey, read_blob, read_line, string, take_string
from jumphost.testing.clock import ManualClock

NOW = ManualClock().now_ns()
KINDS = st.sampled_from(
    [
        b"ssh-ed25519",
        b"ssh-rsa",
        b"ssh-dss",
        b"ecdsa-sha2-nistp256",
        b"sk-ssh-ed25519@openssh.com",
        b"sk-ecdsa-sha2-nistp256@openssh.com",
    ]
)
FIELDS = st.lists(st.one_of(st.binary(max_size=80).map(string), st.binary(max_size=12)), max_size=14).map(b"".join)
KEYS = st.one_of(st.binary(max_size=200), st.builds(lambda kind, rest: string(kind) + rest, KINDS, FIELDS))
CERTIFICATES = st.builds(lambda kind, rest: string(kind + b"-cert-v01@openssh.com") + rest, KINDS, FIELDS)


def real_certificate() -> tuple[bytes, PublicKey]:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import SSHCertificateBuilder, SSHCertificateType
    from cryptography.hazmat.primitives.serialization.ssh import serialize_ssh_public_key

    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    builder = SSHCertificateBuilder().type(SSHCertificateType.USER).public_key(key.public_key()).serial(1)
    builder = builder.key_id(b"job").valid_principals([b"job"])
    builder = builder.valid_after(NOW // 10**9 - 30).valid_before(NOW // 10**9 + 300)
    builder = builder.add_critical_option(b"source-address", b"127.0.0.1").add_extension(b"scope@jumphost", b"[]")
    blob = base64.b64decode(builder.sign(key).public_bytes().split(b" ")[1])
    return blob, read_line(serialize_ssh_public_key(key.public_key()).decode())


REAL, CA = real_certificate()
TRUST = Trust({CA.blob: TrustedCA("main", CA.fingerprint, 900)}, Registry({"job": IdentityEntry("team")}))


def login(blob: bytes, source: str = "127.0.0.1") -> Any:
    return verify(blob, trust=TRUST, source=source, now_ns=NOW)


@given(st.one_of(KEYS, CERTIFICATES))
@settings(max_examples=400)
def test_a_blob_is_a_key_or_an_error(blob: bytes) -> None:
    try:
        key = read_blob(blob)
    except ValueError:
        return
    assert read_line(key.line).blob == blob


@given(st.text(max_size=200))
def test_a_line_is_a_key_or_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_line(text)


@given(st.one_of(KEYS, CERTIFICATES))
@settings(max_examples=400)
def test_bytes_log_nobody_in(blob: bytes) -> None:
    with pytest.raises(Refused) as caught:
        login(blob)
    assert caught.value.code.value.startswith("identity.")


@given(st.data())
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_a_real_certificate_with_any_change_logs_nobody_in(data: st.DataObject) -> None:
    assert login(REAL).identity.name == "job"
    start = data.draw(st.integers(0, len(REAL)))
    end = data.draw(st.integers(start, min(len(REAL), start + 40)))
    changed = REAL[:start] + data.draw(st.binary(max_size=40)) + REAL[end:]
    if changed != REAL:
        with pytest.raises(Refused):
            login(changed)


@given(st.text(max_size=60))
def test_a_source_that_is_no_address_is_refused(source: str) -> None:
    with pytest.raises(Refused) as caught:
        login(REAL, f"not {source}")
    assert caught.value.code is Code.IDENTITY_SOURCE_ADDRESS


@given(
    st.one_of(
        st.text(max_size=300),
        st.builds(
            lambda body: f"{sshsig.BEGIN}\n{base64.b64encode(body).decode()}\n{sshsig.END}",
            st.one_of(
                st.binary(max_size=300),
                st.builds(
                    lambda key, rest, kind, tail: (
                        b"SSHSIG\0\0\0\1"
                        + string(key)
                        + string(b"n")
                        + string(b"")
                        + string(b"sha512")
                        + string(string(kind) + string(rest) + tail)
                    ),
                    st.one_of(KEYS, st.just(CA.blob)),
                    st.binary(max_size=80),
                    st.one_of(KINDS, st.just(b"rsa-sha2-512"), st.binary(max_size=8)),
                    st.binary(max_size=6),
                ),
            ),
        ),
    )
)
@settings(max_examples=400)
def test_a_signature_that_nobody_made_is_refused(armored: str) -> None:
    with pytest.raises(Refused) as caught:
        sshsig.verify(armored, b"text", "n")
    assert caught.value.code is Code.SIGNATURE_INVALID


@given(st.binary(max_size=400))
def test_a_frame_is_a_message_or_an_error(body: bytes) -> None:
    for read in (question, answer):
        with pytest.raises(ValueError, match=r".+"):
            read(body)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_strings_come_apart_as_they_went_together(value: bytes, rest: bytes) -> None:
    assert take_string(string(value) + rest) == (value, rest)


@given(st.lists(st.text(max_size=20), max_size=4), st.text(max_size=10), st.text(max_size=10), st.text(max_size=10))
def test_a_scope_of_anything_admits_nothing_unless_it_is_valid(
    entries: list[str], operation: str, target: str, login_name: str
) -> None:
    admitted = allows([entries], operation, target, login_name)
    assert not admitted or (any(map(valid, entries)) and sees([entries], target))
