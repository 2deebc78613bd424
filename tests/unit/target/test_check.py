from pathlib import Path

import msgspec
import pytest

from jumphost.command import forced
from jumphost.config.create import create_site
from jumphost.config.load import SiteConfig, load_site
from jumphost.config.site import Site
from jumphost.errors import Code, JumphostError, Refused, Unavailable
from jumphost.model.target import Target
from jumphost.signer.client import SignerClient
from jumphost.signer.protocol import Check, IssueCaller, Issued, Question
from jumphost.target.check import Checker, Finding, judged
from jumphost.target.connection import Reach
from jumphost.testing.ca import TargetCA

TARGET = Target(name="here", logins=("app",), shell="bash")
RIGHT = {
    "jumphost-check": "1",
    "login": "app",
    "shell": "/bin/bash",
    "exec": "exec is a shell builtin",
    "shlvl": "2",
    "zdotdir": "/nonexistent",
    "loader": "",
    "path": forced.PATH,
    "stop": "yes",
    "sleep": "yes",
    "timeout": "yes",
    "bash": "yes",
    "end": "1",
}


def wrong(findings: list[Finding]) -> list[str]:
    assert all(one.ok or (one.expected and one.fix) for one in findings)
    return [one.name for one in findings if not one.ok]


class TestJudged:
    def test_all_right(self) -> None:
        findings = judged(RIGHT, TARGET, "app")
        assert (wrong(findings), len(findings)) == ([], 11)

    @pytest.mark.parametrize(
        ("facts", "name"),
        [
            ({"login": "other"}, "login name"),
            ({"shell": "/usr/bin/fish", "shlvl": "1"}, "login shell"),
            ({"shell": ""}, "login shell"),
            ({"exec": "exec is a function"}, "exec"),
            ({"shlvl": "1"}, "~/.bashrc"),
            ({"shell": "/usr/bin/dash", "shlvl": ""}, "~/.bashrc"),
            ({"zdotdir": ""}, "~/.zshenv"),
            ({"loader": "/tmp/evil.so"}, "loader"),
            ({"path": "/tmp"}, "PATH"),
            ({"stop": ""}, "stop"),
            ({"sleep": ""}, "sleep"),
            ({"timeout": ""}, "time limit"),
            ({"bash": ""}, "bash"),
        ],
        ids=str,
    )
    def test_one_wrong(self, facts: dict[str, str], name: str) -> None:
        assert wrong(judged({**RIGHT, **facts}, TARGET, "app")) == [name]

    @pytest.mark.parametrize("gone", ["jumphost-check", "end"])
    def test_script_that_did_not_run(self, gone: str) -> None:
        assert wrong(judged({**RIGHT, gone: ""}, TARGET, "app")) == ["forced command"]

    def test_bash_counts_only_where_it_is_asked_for(self) -> None:
        assert wrong(judged({**RIGHT, "bash": ""}, msgspec.structs.replace(TARGET, shell="sh"), "app")) == []


class Signer(SignerClient):
    """Answers as the signer does, from one CA in memory for targets and callers."""

    def __init__(self, target_ca: TargetCA, line: str) -> None:
        self._target_ca, self._check = target_ca, line
        self.failure: JumphostError | None = None

        self.always = ""  # a principal that stands in every certificate, whatever was asked for

    async def ask(self, question: Question) -> Issued:
        if self.failure:
            raise self.failure
        if isinstance(question, Check):
            principal, address = f"{question.login}@{question.target}", question.address
        else:
            assert isinstance(question, IssueCaller)
            principal, address = question.identity, "127.0.0.1"
        certificate = self._target_ca.certificate(
            question.public_key, principal=self.always or principal, line=self._check, address=address
        )
        return Issued(certificate=certificate, serial="1", valid_before=1)


class TestChecker:
    @pytest.fixture
    def config(self, tmp_path: Path) -> SiteConfig:
        config = load_site(create_site(tmp_path / "site", example=True))
        return msgspec.structs.replace(config, identities={})

    @pytest.fixture
    def signer(self, target_ca: TargetCA) -> Signer:
        return Signer(target_ca, forced.check())

    async def found(self, signer: Signer, config: SiteConfig, target: Target) -> list[Finding]:
        return await Checker(signer, config, Reach(login_s=10)).check(target)

    async def test_a_target_that_is_right_but_for_its_login_name(
        self, signer: Signer, config: SiteConfig, target: Target
    ) -> None:
        """The target of these tests runs everything as whoever runs them."""
        findings = await self.found(signer, config, target)
        assert set(wrong(findings)) <= {"login name"}
        names = [one.name for one in findings]
        assert names[0] == "login"
        assert names[-3:] == ["not by a plain key", "not by a certificate for batch@batch-host", "not by a password"]

    async def test_nothing_but_the_login_is_said_of_what_cannot_be_reached(
        self, signer: Signer, config: SiteConfig, target: Target
    ) -> None:
        other = msgspec.structs.replace(target, host_keys=load_key(config))
        findings = await self.found(signer, config, other)
        assert wrong(findings) == ["login"]
        assert findings[0].got.startswith("target.host_key: ")

    async def test_whatever_else_is_let_in_is_found(
        self, signer: Signer, config: SiteConfig, target: Target, tmp_path: Path
    ) -> None:
        """Another login, another target, a caller: here all get what opens this login."""
        signer.always = "app@here"
        known = msgspec.structs.replace(config, identities=load_site(Site(tmp_path / "site")).identities)
        two = msgspec.structs.replace(target, logins=("app", "db"))
        findings = [one for one in await self.found(signer, known, two) if one.login == "app"]
        assert [(one.name, one.got) for one in findings if not one.ok and one.name != "login name"] == [
            ("not by a certificate for db@here", "let in"),
            ("not by a certificate for batch@batch-host", "let in"),
            ("not by a caller's certificate (batch-reader)", "let in"),
        ]

    async def test_what_could_not_be_tried_is_not_called_refused(
        self, signer: Signer, config: SiteConfig, target: Target
    ) -> None:
        """The target goes away after the first login."""
        checker, login = Checker(signer, config, Reach(login_s=10)), "app"
        gone = msgspec.structs.replace(target, port=1)
        refused = await checker._refused(gone, login, "a plain key", checker._certified("here", login))
        assert (refused.ok, refused.got[:19], refused.expected) == (False, "target.unreachable:", "refused")
        methods = await checker._methods(gone, login)
        assert (methods.ok, methods.got[:10]) == (False, "no answer:")

    async def test_a_script_that_fails(self, target_ca: TargetCA, config: SiteConfig, target: Target) -> None:
        findings = await self.found(Signer(target_ca, "echo end=1; exit 3"), config, target)
        assert "forced command" in wrong(findings)

    @pytest.mark.parametrize(
        "failure", [Refused(Code.SIGNER_REFUSED, "no"), Unavailable(Code.SIGNER_UNAVAILABLE, "gone")]
    )
    async def test_without_a_signer_there_is_nothing_to_say(
        self, signer: Signer, config: SiteConfig, target: Target, failure: JumphostError
    ) -> None:
        signer.failure = failure
        with pytest.raises(type(failure)):
            await self.found(signer, config, target)


def load_key(config: SiteConfig) -> tuple[str, ...]:
    return config.targets["batch-host"].host_keys
