"""Which engine a site gets, and what is said where it gets none."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

import pytest
from msgspec.structs import replace

from jumphost import registry
from jumphost.clock import SystemClock
from jumphost.config.create import create_site
from jumphost.config.credentials import BUILT, Jwt, MariaDb, Postgres, RabbitMq, Redis, Stored
from jumphost.config.edit import append_entry
from jumphost.config.issuers import Issuer
from jumphost.config.load import load_site
from jumphost.config.settings import Policy, Settings
from jumphost.config.site import Site
from jumphost.credential.jwt import jwks, make_key
from jumphost.errors import Code, Problems, Unavailable
from jumphost.identity.oidc import OidcIssuer
from jumphost.identity.saml import SamlIssuer
from jumphost.identity.spiffe import SpiffeIssuer
from jumphost.masking.custom import decode
from jumphost.model.mask import Format, Mask
from jumphost.model.target import Kind, Target
from jumphost.policy.opa.engine import Opa
from jumphost.policy.pool import Pool
from jumphost.testing.opa import fake_opa
from jumphost.testing.policies import STAFF, submission
from jumphost.testing.profiles import EXAMPLES
from jumphost.testing.rego import WITHOUT_OPA, opa_command, opa_installed
from jumphost.testing.sandboxes import why_not

needs_opa = pytest.mark.skipif(not opa_installed(), reason=WITHOUT_OPA)


@pytest.fixture
def site() -> Iterator[Site]:
    with TemporaryDirectory() as folder:  # its sockets fit in 107 bytes, which those under tmp_path may not
        yield create_site(Path(folder) / "site", example=True)


@pytest.fixture
def opa() -> str:
    return opa_command() if opa_installed() else ""


@pytest.fixture(autouse=True)
def nothing_installed(opa: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "HOME", "PATH"):
        monkeypatch.setenv(name, str(tmp_path / name))


def settings(site: Site, policy: Policy) -> Settings:
    return replace(load_site(site).settings, policy=policy)


async def test_auto_without_an_opa_is_embedded(site: Site) -> None:
    engine = await registry.engine(site, settings(site, Policy()))
    assert isinstance(engine, Pool)
    await engine.close()


async def test_opa_without_one_says_how_to_get_it(site: Site) -> None:
    with pytest.raises(Unavailable, match="`jumphost policy engine install` gets one") as caught:
        await registry.engine(site, settings(site, Policy(engine="opa")))
    assert caught.value.code is Code.POLICY_UNAVAILABLE


@needs_opa
@pytest.mark.parametrize("kind", ["auto", "opa"])
async def test_an_opa_of_the_site_is_used(site: Site, opa: str, kind: str) -> None:
    (site.root / "bin").mkdir()
    (site.root / "bin/opa").symlink_to(opa)
    engine = await registry.engine(site, settings(site, Policy(engine=kind, deadline_ms=20_000)))  # type: ignore[arg-type]
    assert isinstance(engine, Opa)
    assert Path(engine.place.socket).parents[1] == site.run
    assert (await engine.judge(submission())).engine == "opa 1.22.2, managed"
    await engine.close()
    assert list(site.run.iterdir()) == []


async def test_a_server_of_others(site: Site) -> None:
    (site.root / "token").write_text("t0ken\n")
    (site.policies / "profiles").mkdir(exist_ok=True)
    (site.policies / "profiles" / "mine.yaml").write_text(f"mine:\n  summary: s\n{EXAMPLES}")
    (site.policies / "detectors").mkdir()
    (site.policies / "detectors" / "staff.yaml").write_text(STAFF)
    async with fake_opa() as fake:
        policy = Policy(engine="opa", url=fake.url, token="token", deadline_ms=20_000)
        engine = await registry.engine(site, settings(site, policy))
        got = await engine.judge(submission(b"echo hi; mine"))
        assert got.engine == "opa 1.22.2, remote"
        assert [one.name for one in decode(got.detectors)] == ["staff"]
        calls = json.loads(got.document)["command"]["commands"]
        assert [call["profile"]["matched"] for call in calls] == [True, True], "the document is ours, so profiles are"
        await engine.close()
        assert "Authorization: Bearer t0ken\r\n" in fake.heads[0]
        with pytest.raises(Unavailable, match="the token of the policy engine cannot be read: none"):
            await registry.engine(site, settings(site, replace(policy, token="none")))
    with pytest.raises(Unavailable, match="cannot be asked"):
        await registry.engine(site, settings(site, Policy(engine="opa", socket="run/none.sock")))


def test_a_mask_of_the_site_is_held_to_the_detectors_there_are(site: Site) -> None:
    text = site.settings.read_text()
    site.settings.write_text(text + 'mask:\n  detectors: {"*": redact, credit_card: partial}\n  opaque: [gzip]\n')
    assert registry.config(site).settings.mask.owed == Mask({"*": "redact", "credit_card": "partial"}, opaque=("gzip",))
    line = text.count("\n") + 2
    wrong = "mask:\n  detectors: {creditcard: redact, email: hide}\n  opaque: [rar]\n"
    site.settings.write_text(text + wrong)
    with pytest.raises(Problems) as caught:
        registry.config(site)
    where = str(site.settings)
    assert [str(problem).removeprefix(f"{where}:") for problem in caught.value.problems] == [
        f"{line}: mask.detectors.email: got 'hide', expected one of label, partial, pseudonym, redact",
        f"{line + 1}: mask.opaque[0]: got 'rar', expected one of {', '.join(sorted(get_args(Format)))}".replace(
            "lz4", "lz4, transform"
        ),
    ]
    site.settings.write_text(text + wrong.replace("hide", "redact").replace("rar", "zip"))
    with pytest.raises(Problems, match=rf":{line}: mask.detectors: got 'creditcard', expected "):
        registry.config(site)


def test_every_kind_of_credential_has_its_provider(site: Site) -> None:
    source = Postgres(host="127.0.0.1", database="d", admin="keys/db", template="t", ca="keys/ca.pem")
    cache = Redis(host="127.0.0.1", admin="keys/cache", template="r")
    books = MariaDb(host="127.0.0.1", admin="keys/books", template="m", ca="keys/ca.pem")
    queue = RabbitMq(host="127.0.0.1", admin="keys/queue", template="q")
    entries = {"a": source, "b": source, "c": cache, "d": books, "e": queue}
    here = replace(load_site(site).settings, credentials=entries)
    stored = registry.provider(site, replace(here, credentials={"t": Stored(secret="t.age")}), "t")
    assert (stored.kind, stored.template) == ("stored", "")
    tokens = Jwt(key="k", issuer="i", audience=("a",))
    assert registry.provider(site, replace(here, credentials={"t": tokens}), "t").kind == "jwt"
    assert registry.published_keys(site, here) == {"keys": []}
    made = registry.providers(site, here)
    assert {name: (provider.kind, provider.template) for name, provider in made.items()} == {
        "a": ("postgres", "t"),
        "b": ("postgres", "t"),
        "c": ("redis", "r"),
        "d": ("mariadb", "m"),
        "e": ("rabbitmq", "q"),
    }
    request = "01890a5d-ac96-774b-bcce-b302099a8057"
    marks = {provider.subject(request).split("_")[1] for provider in made.values()}
    marks |= {registry.providers(site, replace(here, name="other"))["a"].subject(request).split("_")[1]}
    assert len(marks) == 6, "what one entry of one gateway made is nobody else's"
    again = registry.provider(site, here, "a")
    assert again.subject(request).split("_")[1] in marks


def test_every_delivery_that_is_named_is_there(site: Site) -> None:
    assert set(registry.deliveries(site, load_site(site).settings)) == {
        (kind, name) for kind, names in BUILT.items() for name in names
    }


class TestProcessTargets:
    HERE = Target(name="here", logins=("app",), kind="process")

    def test_there_is_a_runner_for_each_kind(self, site: Site) -> None:
        assert set(registry.runners(site, load_site(site).settings)) == set(get_args(Kind))

    async def test_what_keeps_one_from_working_is_told_with_its_line(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("jumphost.target.bubble.PATH", "/nonexistent")
        append_entry(site.targets, "here", {"kind": "process", "logins": ["app"]}, check=lambda _: None)
        targets = load_site(site).targets
        (problem,) = await registry.unfit(site, targets)
        line = site.targets.read_text().splitlines().index("here:") + 1
        assert (problem.line, problem.key, problem.code) == (line, "here", Code.TARGET_UNREACHABLE)

    async def test_other_kinds_need_no_sandbox(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("jumphost.target.bubble.PATH", "/nonexistent")
        assert await registry.unfit(site, load_site(site).targets) == []

    @pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")
    async def test_one_that_works(self, site: Site) -> None:
        assert await registry.unfit(site, {"here": self.HERE}) == []
        found = await registry.check_target(site, load_site(site), self.HERE)
        assert {one.ok for one in found} == {True}


def test_issuers_of_tokens_by_their_kind(site: Site) -> None:
    kinds: tuple[Literal["oidc", "spiffe", "saml"], ...] = ("oidc", "spiffe", "saml")
    made = {
        kind: type(registry.token_issuer(site, "ci", Issuer("i", "a", (), kind=kind, jwks="k"), SystemClock()))
        for kind in kinds
    }
    assert made == {"oidc": OidcIssuer, "spiffe": SpiffeIssuer, "saml": SamlIssuer}


def test_the_keys_of_tokens_are_published_once_and_without_those_that_sign_none(site: Site) -> None:
    keys = {name: site.keys / name for name in ("one", "other", "none")}
    for name in ("one", "other"):
        make_key(keys[name])
    named = {"a": "one", "b": "one", "c": "other", "d": "none"}
    entries = {entry: Jwt(key=f"keys/{name}", issuer="i", audience=("a",)) for entry, name in named.items()}
    published = registry.published_keys(site, replace(load_site(site).settings, credentials=entries))
    assert published["keys"] == [*jwks(keys["one"])["keys"], *jwks(keys["other"])["keys"]]
    assert all("d" not in key for key in published["keys"])
