"""What is in force: who may log in, who still counts, and what of a site a caller may know."""

import json
import shutil
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from jumphost.config.edit import set_scalar
from jumphost.errors import Code, Problems, Refused
from jumphost.gateway.standing import HIDDEN, reach
from jumphost.identity.revocation import Revocation, of_ca
from jumphost.model.target import Target
from jumphost.testing.gatehouse import ADDRESS, NAME, TTL_S, Gatehouse

TARGETS = {name: Target(name, ("app", "postgres")) for name in ("payments-db", "batch-host")}


def refusal(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


def disable(here: Gatehouse) -> None:
    set_scalar(here.site.identities, NAME, "enabled", value=False, check=lambda _: None)


async def test_a_certificate_of_a_registered_identity_is_admitted_and_stays_in_force(here: Gatehouse) -> None:
    caller = here.caller()
    assert (caller.identity.name, caller.identity.owner, caller.identity.issuer) == (NAME, "payments-team", "main")
    here.standing.check(caller, here.clock.now_ns())
    here.standing.check(caller, caller.expires_ns - 1)


async def test_a_certificate_that_ended(here: Gatehouse) -> None:
    caller = here.caller()
    here.clock.advance(TTL_S)
    assert refusal(lambda: here.standing.check(caller, here.clock.now_ns())).code is Code.IDENTITY_EXPIRED


async def test_the_target_ca_vouches_for_nobody(here: Gatehouse) -> None:
    assert refusal(lambda: here.caller(ca="target_ca")).code is Code.IDENTITY_TARGET_CA


async def test_what_the_files_say_now_counts_after_a_reload_only(here: Gatehouse) -> None:
    caller = here.caller()
    disable(here)
    here.standing.check(caller, here.clock.now_ns())
    here.standing.reload()
    for act in (lambda: here.standing.check(caller, here.clock.now_ns()), here.caller):
        assert refusal(act).code is Code.IDENTITY_DISABLED


async def test_a_reload_of_files_that_are_not_in_order_changes_nothing(here: Gatehouse) -> None:
    caller, config = here.caller(), here.standing.config
    disable(here)
    here.site.targets.write_text("a: {nonsense: 1}")
    with pytest.raises(Problems):
        here.standing.reload()
    (here.site.keys / "caller_ca.pub").write_text("nonsense")
    shutil.copy(here.site.approvers, here.site.targets)
    with pytest.raises(Problems):
        here.standing.reload()
    assert here.standing.config is config
    here.standing.check(caller, here.clock.now_ns())


async def test_a_ca_that_is_no_longer_trusted(here: Gatehouse) -> None:
    caller = here.caller()
    shutil.copy(here.site.keys / "host_key.pub", here.site.keys / "caller_ca.pub")
    here.standing.reload()
    assert refusal(lambda: here.standing.check(caller, here.clock.now_ns())).code is Code.IDENTITY_UNKNOWN_CA


@pytest.mark.parametrize("kind", ["serial", "key_id", "identity", "ca"])
async def test_a_revocation_counts_at_once_and_survives_a_reload(here: Gatehouse, kind: str) -> None:
    caller, other = here.caller(), here.caller("backup-job", serial=8)
    proof = caller.identity.certificate
    values = {"serial": of_ca(proof.ca, proof.serial), "key_id": NAME, "identity": NAME, "ca": proof.ca}
    here.standing.revoke(Revocation("identity", "nobody"))
    here.standing.revoke(Revocation(kind, values[kind], "stolen"))  # type: ignore[arg-type]
    for _ in range(2):
        for act in (lambda: here.standing.check(caller, here.clock.now_ns()), here.caller):
            assert refusal(act).code is Code.IDENTITY_REVOKED
        if kind != "ca":
            here.standing.check(other, here.clock.now_ns())
        here.standing.reload()


async def test_a_revocation_does_not_depend_on_the_files(here: Gatehouse) -> None:
    caller = here.caller()
    (here.site.keys / "caller_ca.pub").unlink()
    here.standing.revoke(Revocation("identity", NAME))
    assert refusal(lambda: here.standing.check(caller, here.clock.now_ns())).code is Code.IDENTITY_REVOKED


async def test_what_was_revoked_before_the_start(here: Gatehouse) -> None:
    blob = here.certificate()
    again = type(here.standing)(here.site, [Revocation("identity", NAME)])
    assert refusal(lambda: again.admit(blob, source=ADDRESS, now_ns=here.clock.now_ns())).code is Code.IDENTITY_REVOKED


async def test_a_target_by_the_scopes_of_its_caller(here: Gatehouse) -> None:
    caller = here.caller()
    target, login = here.standing.target(caller, "exec", "payments-db", "")
    assert (target.name, login) == ("payments-db", target.logins[0])
    narrow = replace(caller, scopes=(("exec:batch-host",),))
    assert refusal(lambda: here.standing.target(narrow, "exec", "payments-db", "")).code is Code.TARGET_UNAVAILABLE


@pytest.mark.parametrize(
    ("scopes", "login", "expected"),
    [
        ([], "", "app"),  # the default is the first
        ([], "postgres", "postgres"),
        ([["exec:payments-db:postgres"]], "postgres", "postgres"),
        ([["exec:*"], ["exec:payments-*:app"]], "", "app"),
    ],
)
def test_what_is_reached(scopes: list[list[str]], login: str, expected: str) -> None:
    assert reach(TARGETS, scopes, "exec", "payments-db", login) == (TARGETS["payments-db"], expected)


@pytest.mark.parametrize(
    ("scopes", "operation", "login", "code"),
    [
        ([["exec:payments-db:app"]], "exec", "postgres", Code.IDENTITY_OUT_OF_SCOPE),
        ([["exec:payments-db:postgres"]], "exec", "", Code.IDENTITY_OUT_OF_SCOPE),  # the default is app
        ([["sftp.read:payments-db"]], "exec", "app", Code.IDENTITY_OUT_OF_SCOPE),
        ([["exec:payments-db"]], "exec", "root", Code.TARGET_UNAVAILABLE),
        ([["exec:payments-db:app"]], "exec", "root", Code.IDENTITY_OUT_OF_SCOPE),  # which logins exist is not told
    ],
)
def test_what_is_not(scopes: list[list[str]], operation: str, login: str, code: Code) -> None:
    assert refusal(lambda: reach(TARGETS, scopes, operation, "payments-db", login)).code is code


def test_an_unknown_target_and_one_out_of_scope_look_the_same() -> None:
    scopes = [["exec:batch-host"]]
    unknown, hidden = (
        refusal(lambda name=name: reach(TARGETS, scopes, "exec", name, "")) for name in ("nothing", "payments-db")
    )
    assert (unknown.code, unknown.message) == (hidden.code, hidden.message) == (Code.TARGET_UNAVAILABLE, HIDDEN)
    assert (unknown.detail, hidden.detail) == ("unknown", "out of scope")


async def test_an_issuer_that_no_longer_vouches(here: Gatehouse) -> None:
    caller = here.caller()
    bought = replace(caller, identity=replace(caller.identity, issuer="ci"))
    match = [{"require": {"x": "y"}, "identity": NAME}]
    entry = {"issuer": "https://ci.example", "audience": "a", "match": match}
    settings = here.site.settings.read_text()
    here.site.settings.write_text(f"{settings}\nissuers: {json.dumps({'ci': entry})}\n")
    here.standing.reload()
    here.standing.check(bought, here.clock.now_ns())
    here.site.settings.write_text(settings)
    here.standing.reload()
    here.standing.check(caller, here.clock.now_ns())
    error = refusal(lambda: here.standing.check(bought, here.clock.now_ns()))
    assert error.code is Code.IDENTITY_UNKNOWN_ISSUER


async def test_who_may_have_a_certificate(here: Gatehouse) -> None:
    standing = here.standing
    standing.entitled(NAME)
    assert refusal(lambda: standing.entitled("stranger")).code is Code.IDENTITY_UNKNOWN
    standing.lock(NAME)
    assert refusal(lambda: standing.entitled(NAME)).code is Code.IDENTITY_LOCKED
    standing.revoke(Revocation("identity", NAME))
    assert refusal(lambda: standing.entitled(NAME)).code is Code.IDENTITY_REVOKED
    disable(here)
    standing.reload()
    assert refusal(lambda: standing.entitled(NAME)).code is Code.IDENTITY_DISABLED
