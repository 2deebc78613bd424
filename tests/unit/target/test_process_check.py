from pathlib import Path

import pytest
from msgspec.structs import replace

from jumphost.errors import Unavailable
from jumphost.model.target import Sandbox, Target
from jumphost.target import bubble, process_check
from jumphost.target.check import Finding
from jumphost.testing.sandboxes import why_not

TARGET = Target(name="here", logins=("app", "ops"), kind="process")
RIGHT = {
    "uid": "1000",
    "privileges": "1",
    "capabilities": "0000000000000000",
    "filter": "2",
    "processes": "1",
    "network": "lo",
    "private": "",
    "written": "",
    "tmp": "",
    "namespaces": "",
    "unread": "",
}

needs_sandbox = pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")


def wrong(findings: list[Finding]) -> list[str]:
    assert all(one.ok or (one.expected and one.fix) for one in findings)
    return [one.name for one in findings if not one.ok]


class TestJudged:
    def test_all_right(self) -> None:
        findings = process_check.judged(RIGHT, "app")
        assert (wrong(findings), len(findings)) == ([], len(RIGHT))
        assert {one.login for one in findings} == {"app"}

    @pytest.mark.parametrize(
        ("facts", "name"),
        [
            ({"uid": "0"}, "uid"),
            ({"privileges": "0"}, "no new privileges"),
            ({"capabilities": "0000000000000400"}, "capabilities"),
            ({"filter": "0"}, "system call filter"),
            ({"processes": "0"}, "own processes only"),
            ({"network": "lo eth0"}, "own network only"),
            ({"private": "/root"}, "nothing private"),
            ({"written": "/usr"}, "nothing written"),
            ({"tmp": "/tmp"}, "own places"),
            ({"namespaces": "yes"}, "no namespaces"),
            ({"unread": "/opt/tools"}, "sandbox.read"),
        ],
    )
    def test_one_wrong(self, facts: dict[str, str], name: str) -> None:
        assert wrong(process_check.judged({**RIGHT, **facts}, "app")) == [name]

    def test_what_was_not_said_is_wrong(self) -> None:
        for key in RIGHT:
            assert len(wrong(process_check.judged({one: RIGHT[one] for one in RIGHT if one != key}, "app"))) == 1


@needs_sandbox
class TestCheck:
    async def test_a_sandbox_holds_for_each_login(self, tmp_path: Path) -> None:
        findings = await process_check.check(TARGET, tmp_path)
        assert wrong(findings) == []
        sees = [(one.login, one.got) for one in findings if one.name == "sees"]
        assert [login for login, _ in sees] == ["app", "ops"]
        assert all({"/usr", "/tmp", "/home"} <= set(got.split()) for _, got in sees)

    async def test_what_it_is_too_small_for(self, tmp_path: Path) -> None:
        small = replace(TARGET, logins=("app",), sandbox=Sandbox(processes=1))
        (finding,) = await process_check.check(small, tmp_path)
        assert (finding.name, finding.ok) == ("sandbox", False)
        assert finding.expected == "the check script run to its end"

    async def test_what_cannot_be_made(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(bubble, "PATH", str(tmp_path))
        findings = await process_check.check(TARGET, tmp_path)
        assert wrong(findings) == ["sandbox", "sandbox"]
        assert bubble.INSTALL in findings[0].got

    async def test_a_script_that_does_not_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(process_check, "LOOK_S", 0.3)
        monkeypatch.setattr(process_check, "_LOOK", "sleep 1000")
        (finding,) = await process_check.check(replace(TARGET, logins=("app",)), tmp_path)
        assert "a script in it does not end" in finding.got

    async def test_a_trial_runs_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        await process_check.trial(TARGET, tmp_path)
        monkeypatch.setattr("jumphost.target.sandbox.PRLIMIT", "/bin/false")
        with pytest.raises(Unavailable, match="bwrap did not make it"):
            await process_check.trial(TARGET, tmp_path)
