"""Logins with certificates that real ssh-keygen made, in every wrong form; each is refused with its own code."""

import base64
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from jumphost.clock import SystemClock
from jumphost.errors import Code, Refused
from jumphost.identity.certificate import verify
from jumphost.identity.registry import Registry
from jumphost.identity.revocation import Revocation, Revocations, of_ca
from jumphost.identity.trust import Trust, TrustedCA
from jumphost.model.identity import Caller, IdentityEntry
from jumphost.sshkey import PublicKey, read_line, string

JOB = IdentityEntry(owner="team", groups=("batch",))
ENTRIES = {
    "job": JOB,
    "asleep": IdentityEntry(owner="team", enabled=False),
    "other-ca": IdentityEntry("team", callers="x"),
}


def keygen(*words: object) -> None:
    subprocess.run(["ssh-keygen", "-q", *map(str, words)], check=True, capture_output=True)


def new_key(path: Path, *words: object) -> PublicKey:
    keygen(*(words or ("-t", "ed25519")), "-N", "", "-f", path)
    return read_line(path.with_suffix(".pub").read_text())


@dataclass
class Bench:
    """Two CAs, a caller's key, and the trust of a gateway."""

    folder: Path
    caller_ca: PublicKey
    rsa_ca: PublicKey
    target_ca: PublicKey
    now_ns: int = field(default_factory=SystemClock().now_ns)

    def certified(
        self,
        *options: object,
        ca: str = "caller_ca",
        key: str = "key",
        key_id: str = "job",
        principals: str = "job",
        life: str = "-1m:+5m",
        host: bool = False,
    ) -> bytes:
        words: list[object] = ["-s", self.folder / ca, "-I", key_id, "-V", life, "-z", 7, *options]
        words += ["-n", principals] if principals else []
        words += ["-h"] if host else []
        keygen(*words, self.folder / f"{key}.pub")
        return base64.b64decode((self.folder / f"{key}-cert.pub").read_text().split()[1])

    def login(self, blob: bytes, *, source: str = "127.0.0.1", revoked: tuple[Revocation, ...] = ()) -> Caller:
        callers = {
            self.caller_ca.blob: TrustedCA("main", self.caller_ca.fingerprint, 900),
            self.rsa_ca.blob: TrustedCA("main", self.rsa_ca.fingerprint, 900),
        }
        trust = Trust(callers, Registry(ENTRIES), frozenset({self.target_ca.blob}), Revocations(revoked))
        return verify(blob, trust=trust, source=source, now_ns=self.now_ns)

    def refused(self, blob: bytes, *, source: str = "127.0.0.1", revoked: tuple[Revocation, ...] = ()) -> Code:
        with pytest.raises(Refused) as caught:
            self.login(blob, source=source, revoked=revoked)
        return caught.value.code


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("cas")
    for name in ("key", "unknown_ca"):
        new_key(folder / name)
    keygen("-t", "rsa", "-b", "2048", "-N", "", "-f", folder / "weak")
    keygen("-t", "dsa", "-N", "", "-f", folder / "dsa")
    rsa_ca = new_key(folder / "rsa_ca", "-t", "rsa", "-b", "3072")
    return Bench(folder, new_key(folder / "caller_ca"), rsa_ca, new_key(folder / "target_ca"))


def test_a_right_certificate_logs_in(bench: Bench) -> None:
    caller = bench.login(bench.certified())
    assert (caller.identity.name, caller.identity.owner, caller.identity.issuer) == ("job", "team", "main")
    assert caller.identity.certificate.serial == "7"
    for algorithm in ("rsa-sha2-256", "rsa-sha2-512"):
        assert bench.login(bench.certified("-t", algorithm, ca="rsa_ca")).identity.name == "job"


WRONG: dict[str, tuple[Code, Callable[[Bench], bytes]]] = {
    "unknown CA": (Code.IDENTITY_UNKNOWN_CA, lambda b: b.certified(ca="unknown_ca")),
    "target CA": (Code.IDENTITY_TARGET_CA, lambda b: b.certified(ca="target_ca")),
    "self-signed": (Code.IDENTITY_UNKNOWN_CA, lambda b: b.certified(ca="key")),
    "host certificate": (Code.IDENTITY_HOST_CERTIFICATE, lambda b: b.certified(host=True)),
    "SHA-1 signature": (Code.IDENTITY_WEAK_SIGNATURE, lambda b: b.certified("-t", "ssh-rsa", ca="rsa_ca")),
    "small RSA key": (Code.IDENTITY_WEAK_KEY, lambda b: b.certified(key="weak")),
    "DSA key": (Code.IDENTITY_WEAK_KEY, lambda b: b.certified(key="dsa")),
    "expired": (Code.IDENTITY_EXPIRED, lambda b: b.certified(life="-10m:-1m")),
    "not yet valid": (Code.IDENTITY_NOT_YET_VALID, lambda b: b.certified(life="+5m:+10m")),
    "of the far future": (Code.IDENTITY_NOT_YET_VALID, lambda b: b.certified(life="20990101:20990102")),
    "beyond all calendars": (
        Code.IDENTITY_NOT_YET_VALID,
        lambda b: b.certified(life="0xfffffffffffffff0:0xfffffffffffffff8"),
    ),
    "an end beyond all calendars": (Code.IDENTITY_TTL, lambda b: b.certified(life="-1m:0x7fffffffffffffff")),
    "too long a life": (Code.IDENTITY_TTL, lambda b: b.certified(life="-1m:+16m")),
    "for ever": (Code.IDENTITY_TTL, lambda b: b.certified(life="always:forever")),
    "for ever from now": (Code.IDENTITY_TTL, lambda b: b.certified(life="-1m:forever")),
    "no principals": (Code.IDENTITY_NO_PRINCIPALS, lambda b: b.certified(principals="")),
    "unknown critical option": (Code.IDENTITY_CRITICAL_OPTION, lambda b: b.certified("-O", "critical:a@b=c")),
    "verify-required": (Code.IDENTITY_CRITICAL_OPTION, lambda b: b.certified("-O", "verify-required")),
    "elsewhere": (Code.IDENTITY_SOURCE_ADDRESS, lambda b: b.certified("-O", "source-address=10.0.0.0/8")),
    "nobody": (Code.IDENTITY_UNKNOWN, lambda b: b.certified(key_id="stranger", principals="stranger")),
    "another's principal": (Code.IDENTITY_UNKNOWN, lambda b: b.certified(principals="other")),
    "another's key id": (Code.IDENTITY_UNKNOWN, lambda b: b.certified(key_id="other")),
    "identity of another CA": (Code.IDENTITY_UNKNOWN, lambda b: b.certified(key_id="other-ca", principals="other-ca")),
    "disabled": (Code.IDENTITY_DISABLED, lambda b: b.certified(key_id="asleep", principals="asleep")),
    "plain key": (Code.IDENTITY_PLAIN_KEY, lambda b: b.caller_ca.blob),
    "nothing": (Code.IDENTITY_MALFORMED, lambda _: b""),
    "signature changed": (Code.IDENTITY_BAD_SIGNATURE, lambda b: flipped(b.certified(), -1)),
    "key id changed": (Code.IDENTITY_BAD_SIGNATURE, lambda b: b.certified().replace(string(b"job"), string(b"boj"), 1)),
    "cut short": (Code.IDENTITY_MALFORMED, lambda b: b.certified()[:-1]),
    "longer": (Code.IDENTITY_MALFORMED, lambda b: b.certified() + b"\0"),
    "huge": (Code.IDENTITY_MALFORMED, lambda b: b.certified() + bytes(70_000)),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_wrong_form_is_refused_with_its_own_code(bench: Bench, name: str) -> None:
    code, made = WRONG[name]
    assert bench.refused(made(bench)) is code


def flipped(blob: bytes, at: int) -> bytes:
    changed = bytearray(blob)
    changed[at] ^= 1
    return bytes(changed)


def test_a_certificate_is_no_ca(bench: Bench) -> None:
    """A certificate of a trusted CA in the place of the signing key (Teleport CVE-2025-49825)."""
    middle = bench.certified()
    forged = bench.certified(ca="key")
    own = read_line((bench.folder / "key.pub").read_text()).blob
    assert string(own) in forged
    assert bench.refused(forged.replace(string(own), string(middle))) in {
        Code.IDENTITY_UNKNOWN_CA,
        Code.IDENTITY_MALFORMED,
    }


def test_the_ca_is_believed_by_its_key_and_signature_not_by_its_name(bench: Bench) -> None:
    """Signed by a stranger, with the trusted CA's key written in."""
    forged = bench.certified(ca="unknown_ca")
    stranger = read_line((bench.folder / "unknown_ca.pub").read_text()).blob
    assert bench.refused(forged.replace(string(stranger), string(bench.caller_ca.blob))) is Code.IDENTITY_BAD_SIGNATURE


def test_no_single_bit_of_a_certificate_can_be_changed(bench: Bench) -> None:
    blob = bench.certified("-O", "force-command=true")
    for at in range(0, len(blob), 3):
        assert bench.refused(flipped(blob, at)).value.startswith("identity.")


@pytest.mark.parametrize("source", ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.1", "fd00::7%eth0"])
def test_source_addresses_that_fit(bench: Bench, source: str) -> None:
    blob = bench.certified("-O", "source-address=10.0.0.0/8,192.0.2.1,fd00::/64")
    assert bench.login(blob, source=source).identity.certificate.source_address == (
        "10.0.0.0/8",
        "192.0.2.1/32",
        "fd00::/64",
    )
    assert bench.refused(blob, source="11.0.0.1") is Code.IDENTITY_SOURCE_ADDRESS
    assert bench.refused(blob, source="::ffff:11.0.0.1") is Code.IDENTITY_SOURCE_ADDRESS
    assert bench.refused(blob, source="a socket") is Code.IDENTITY_SOURCE_ADDRESS


def test_force_command_is_taken_up(bench: Bench) -> None:
    assert bench.login(bench.certified("-O", "force-command=psql -l")).identity.certificate.force_command == "psql -l"


def test_a_ceiling_has_a_minute_of_allowance(bench: Bench) -> None:
    assert bench.login(bench.certified(life="-1m:+15m")).identity.name == "job"


def test_revoked_by_each_of_its_facts(bench: Bench) -> None:
    ca = bench.caller_ca.fingerprint
    blob = bench.certified()
    for entry in (
        Revocation("serial", of_ca(ca, "7")),
        Revocation("key_id", "job"),
        Revocation("identity", "job"),
        Revocation("ca", ca),
    ):
        assert bench.refused(blob, revoked=(entry,)) is Code.IDENTITY_REVOKED
    for entry in (
        Revocation("serial", of_ca(bench.rsa_ca.fingerprint, "7")),
        Revocation("serial", of_ca(ca, "8")),
        Revocation("key_id", "asleep"),
    ):
        assert bench.login(blob, revoked=(entry,)).identity.name == "job"
