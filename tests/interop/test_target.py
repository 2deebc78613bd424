"""``jumphost target`` against a real sshd: what ``check`` proves of an enrolled one, and finds in one that is not."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jumphost.cli.common import FOUND
from jumphost.config.create import create_site
from jumphost.config.load import load_targets
from jumphost.config.site import Site
from jumphost.testing.commands import Ran, run
from jumphost.testing.site import open_folder
from jumphost.testing.sshd import Sshd, find_sshd, may_have_logins, sshd

NAME = "unprepared"

StartServer = Callable[..., Sshd]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    return made


@pytest.fixture
def start(site: Site, tmp_path: Path) -> Iterator[StartServer]:
    """Starts the target and adds it to the site."""
    if find_sshd() is None or not may_have_logins():
        pytest.skip("needs an sshd, and root that may mount: tests/install-servers")
    logins = {"dash": "/bin/sh", "bash": shutil.which("bash") or "/bin/sh"}
    with ExitStack() as stack:
        folder = stack.enter_context(open_folder())

        def started(extra: str = "") -> Sshd:
            target_ca = (site.keys / "target_ca.pub").read_text().strip()
            running = stack.enter_context(sshd(folder, name=NAME, logins=logins, target_ca=target_ca, extra=extra))
            key = tmp_path / "host.pub"
            key.write_text(running.target.host_keys[0])
            where = ["--host", running.target.host, "--port", running.target.port, "--host-key", key]
            ran = run("target", "add", NAME, *where, "--login", "dash", "--login", "bash")
            assert (ran.status, ran.err) == (0, "")
            return running

        yield started


def wrong(ran: Ran) -> set[tuple[str, str]]:
    return {(one["login"], one["name"]) for one in ran.json if not one["ok"]}


def test_an_enrolled_target_is_proved(site: Site, start: StartServer) -> None:
    start()
    ran = run("target", "check", NAME, "--json")
    assert (wrong(ran), ran.status) == (set(), 0)
    refused = {one["name"] for one in ran.json if one["got"] == "refused"}
    assert refused == {
        "not by a plain key",
        f"not by a certificate for dash@{NAME}",
        f"not by a certificate for bash@{NAME}",
        "not by a certificate for batch@batch-host",
        "not by a caller's certificate (batch-reader)",
    }
    words = run("target", "check", NAME)
    assert words.status == 0
    assert "ok  dash  login: let in" in words.out


def test_what_the_operator_sets_before_us_is_found(site: Site, start: StartServer) -> None:
    start(
        "Match User dash,bash\n  SetEnv OTHER=1\n  AuthenticationMethods any\n  PasswordAuthentication yes\nMatch all\n"
    )
    ran = run("target", "check", NAME, "--json")
    assert ran.status == FOUND
    assert wrong(ran) == {
        (login, name) for login in ("dash", "bash") for name in ("~/.bashrc", "~/.zshenv", "not by a password")
    }


def test_a_principal_too_many_is_found(site: Site, start: StartServer) -> None:
    running = start()
    with (running.etc / "jumphost" / NAME / "principals" / "dash").open("a") as principals:
        principals.write(f"bash@{NAME}\nbatch@batch-host\n")
    ran = run("target", "check", NAME, "--json")
    assert wrong(ran) == {
        ("dash", f"not by a certificate for bash@{NAME}"),
        ("dash", "not by a certificate for batch@batch-host"),
    }


def test_the_callers_ca_on_a_target_is_found(site: Site, start: StartServer) -> None:
    running = start()
    folder = running.etc / "jumphost" / NAME
    with (folder / "target_ca.pub").open("a") as authorities:
        authorities.write((site.keys / "caller_ca.pub").read_text())
    with (folder / "principals" / "dash").open("a") as principals:
        principals.write("batch-reader\n")
    ran = run("target", "check", NAME, "--json")
    assert wrong(ran) == {("dash", "not by a caller's certificate (batch-reader)")}


def test_a_target_that_is_not_enrolled(site: Site, start: StartServer) -> None:
    running = start()
    shutil.rmtree(running.etc / "jumphost")
    ran = run("target", "check", NAME)
    assert ran.status == FOUND
    assert "no  dash  login: target.refused: target unprepared refused the login" in ran.out
    assert f"do: do on it what `jumphost target enroll {NAME}` prints, and reload its sshd" in ran.out


def test_an_exec_that_someone_defined_is_found(site: Site, start: StartServer) -> None:
    """Only possible where sshd sets no SHLVL: both are found."""
    running = start("Match User bash\n  SetEnv OTHER=1\nMatch all\n")
    (running.home("bash") / ".bashrc").write_text('exec() { command exec "$@"; }\n')
    ran = run("target", "check", NAME, "--json")
    assert wrong(ran) == {("bash", "exec"), ("bash", "~/.bashrc"), ("bash", "~/.zshenv")}


def test_scan_is_the_only_first_contact(site: Site, start: StartServer) -> None:
    running = start()
    where = ["--host", running.target.host, "--port", running.target.port, "--login", "dash"]
    ran = run("target", "add", "scanned", *where, "--scan")
    assert (ran.status, ran.err) == (0, "")
    assert "(not journalled: no gateway runs)" in ran.out
    assert load_targets(site.targets)["scanned"].host_keys == running.target.host_keys
