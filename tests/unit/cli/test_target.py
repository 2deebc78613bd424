import asyncio
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from jumphost.config.create import create_site
from jumphost.config.edit import append_entry
from jumphost.config.load import load_targets
from jumphost.config.site import Site
from jumphost.errors import Code, Refused, Status
from jumphost.gateway import control
from jumphost.model.target import Sandbox
from jumphost.sshkey import read_line
from jumphost.testing.commands import run
from jumphost.testing.sandboxes import why_not


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    made = create_site(tmp_path / "site", example=True)
    monkeypatch.setenv("JUMPHOST_SITE", str(made.root))
    return made


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "host.pub"
    file.write_bytes(asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh"))
    return file


class TestAdd:
    def test_with_a_host_key(self, site: Site, key: Path) -> None:
        words = ["--host", "10.0.0.7", "--port", 2022, "--login", "app", "--login", "root", "--label", "env=prod"]
        ran = run("target", "add", "db2", *words, "--host-key", key)
        assert (ran.status, ran.err) == (0, "")
        assert ran.out == f"added db2 to {site.targets}; no gateway runs: it will know when it starts\n"
        added = load_targets(site.targets)["db2"]
        assert (added.kind, added.host, added.port, added.logins) == ("ssh", "10.0.0.7", 2022, ("app", "root"))
        assert (added.labels, added.host_keys) == ({"env": "prod"}, (read_line(key.read_text()).line,))

    def test_with_a_host_ca(self, site: Site, key: Path) -> None:
        ran = run("target", "add", "db2", "--host", "db2", "--login", "app", "--host-ca", key, "--json")
        line = read_line(key.read_text()).line
        assert ran.json == {
            "name": "db2",
            "kind": "ssh",
            "host": "db2",
            "port": 22,
            "logins": ["app"],
            "labels": {},
            "host_ca": [line],
            "gateway": False,
        }
        assert load_targets(site.targets)["db2"].host_ca == (line,)

    def test_of_this_machine(self, site: Site) -> None:
        assert run("target", "add", "local", "--kind", "process", "--login", "app").status == 0
        assert load_targets(site.targets)["local"].kind == "process"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--host", "h"], "expected one of --host-key FILE, --host-ca FILE and --scan"),
            (["--host", "h", "--host-key", "KEY", "--scan"], "expected one of --host-key FILE"),
            (["--host", "h", "--host-key", "nowhere.pub"], "--host-key: nowhere.pub cannot be read"),
            (["--host", "h", "--host-key", "KEY", "--label", "env"], "--label: got 'env', expected NAME=VALUE"),
            (["--scan"], "--scan: got no --host"),
        ],
    )
    def test_wrong_use(self, site: Site, key: Path, words: list[str], message: str) -> None:
        before = site.targets.read_bytes()
        ran = run("target", "add", "db2", "--login", "app", *(key if word == "KEY" else word for word in words))
        assert (ran.status, ran.out) == (2, "")
        assert message in ran.err
        assert site.targets.read_bytes() == before

    def test_what_the_site_would_not_take(self, site: Site, key: Path) -> None:
        ran = run("target", "add", "jumphost", "--host", "h", "--login", "app", "--host-key", key)
        assert ran.status == 1
        assert "expected another name" in ran.err


class TestScan:
    WORDS = ("target", "add", "db2", "--host", "127.0.0.1", "--login", "app", "--scan", "--port")

    @pytest.fixture
    async def port(self) -> Any:
        async with asyncssh.listen(
            "127.0.0.1", 0, server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")]
        ) as server:
            yield server.get_port()

    async def test_is_journalled_before_it_is_trusted(self, site: Site, port: int) -> None:
        scans: list[dict[str, Any]] = []

        async def scanned(args: dict[str, Any]) -> None:
            assert "db2" not in load_targets(site.targets)
            scans.append(args)

        async def reload(_: dict[str, Any]) -> None: ...

        verbs = {"target.scan": scanned, "identity.reload": reload, "site.reload": reload}
        async with await control.serve(site.control_socket, verbs):
            ran = await asyncio.to_thread(run, *self.WORDS, port)
        (line,) = load_targets(site.targets)["db2"].host_keys
        fingerprint = read_line(line).fingerprint
        assert scans == [{"target": "db2", "host": "127.0.0.1", "port": port, "fingerprint": fingerprint}]
        assert f"shows the host key {fingerprint} (journalled); compare it" in ran.out

    async def test_is_not_trusted_if_it_cannot_be_journalled(self, site: Site, port: int) -> None:
        async def refuses(_: dict[str, Any]) -> None:
            raise Refused(Code.REQUEST_INVALID, "no")

        async with await control.serve(site.control_socket, {"target.scan": refuses}):
            ran = await asyncio.to_thread(run, *self.WORDS, port)
        assert ran.status != 0
        assert "db2" not in load_targets(site.targets)

    async def test_is_not_trusted_if_the_gateway_does_not_answer(self, site: Site, port: int) -> None:
        async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        async with await asyncio.start_unix_server(hang_up, site.control_socket):
            ran = await asyncio.to_thread(run, *self.WORDS, port)
        assert ran.status == Status.UNAVAILABLE
        assert "db2" not in load_targets(site.targets)

    async def test_without_a_gateway(self, site: Site, port: int) -> None:
        ran = await asyncio.to_thread(run, *self.WORDS, port, "--json")
        assert ran.json["journalled"] is False
        assert ran.json["fingerprint"] == read_line(ran.json["host_keys"][0]).fingerprint

    def test_of_nothing(self, site: Site) -> None:
        ran = run(*self.WORDS, 1)
        assert ran.status == Status.UNAVAILABLE
        assert "target.unreachable: got no host key from 127.0.0.1:1" in ran.err


def test_list(site: Site) -> None:
    key = load_targets(site.targets)["payments-db"].host_keys[0]
    lines = run("target", "list").out.splitlines()
    assert lines[0].split() == ["target", "kind", "address", "logins", "mode", "labels", "host", "keys"]
    assert any(line.split()[0] == "payments-db" and read_line(key).fingerprint in line for line in lines)
    assert {one["name"] for one in run("target", "list", "--json").json} == {"batch-host", "payments-db"}


def test_mode(site: Site) -> None:
    key = site.keys / "host_key.pub"
    words = ("target", "add", "batches", "--login", "app", "--host", "h", "--host-key", key)
    assert run(*words, "--mode", "whenever").status == 2
    assert run(*words, "--mode", "connection").status == 0
    (line,) = [line for line in run("target", "list").out.splitlines() if line.split()[0] == "batches"]
    assert line.split()[4] == "connection"
    modes = {one["name"]: one["mode"] for one in run("target", "list", "--json").json}
    assert modes == {"batch-host": "command", "payments-db": "command", "batches": "connection"}


class TestEnroll:
    def test_prints_a_script(self, site: Site) -> None:
        ran = run("target", "enroll", "payments-db")
        assert (ran.status, ran.err) == (0, "")
        assert "SetEnv SHLVL=1 ZDOTDIR=/nonexistent\nEND\n" in ran.out
        assert read_line((site.keys / "target_ca.pub").read_text()).line in ran.out
        assert run("target", "enroll", "payments-db", "--json").json["script"] == ran.out

    @pytest.mark.parametrize(("delivery", "opened"), [("proxy", True), ("file", False)])
    def test_sockets_are_made_where_a_credential_goes_by_proxy(self, site: Site, delivery: str, opened: bool) -> None:
        (site.keys / "db").write_text("keeper:secret\n")
        (site.keys / "db").chmod(0o600)
        entry = f"{{kind: postgres, host: /run, database: d, admin: keys/db, template: t, delivery: [{delivery}]}}"
        site.settings.write_text(f"{site.settings.read_text()}\ncredentials: {{db: {entry}}}\n")
        ran = run("target", "enroll", "payments-db")
        assert (ran.status, ran.err) == (0, "")
        assert ("AllowStreamLocalForwarding remote" in ran.out) == opened

    def test_without_a_target_ca(self, site: Site) -> None:
        (site.keys / "target_ca.pub").unlink()
        ran = run("target", "enroll", "payments-db")
        assert (ran.status, ran.out) == (2, "")
        assert "target_ca.pub cannot be read" in ran.err


class TestWrongTarget:
    @pytest.mark.parametrize("command", ["enroll", "check"])
    def test_unknown(self, site: Site, command: str) -> None:
        ran = run("target", command, "nowhere")
        assert (ran.status, ran.out) == (2, "")
        assert "got no target 'nowhere', expected one of batch-host, payments-db" in ran.err

    def test_without_sshd(self, site: Site) -> None:
        append_entry(site.targets, "local", {"kind": "process", "logins": ["app"]}, check=lambda _: None)
        ran = run("target", "enroll", "local")
        assert (ran.status, ran.out) == (2, "")
        assert "got a target of kind process, expected ssh" in ran.err


def test_check_of_a_target_that_is_down(site: Site) -> None:
    """The whole of ``check`` is tried on real servers: tests/interop/test_target.py."""
    append_entry(
        site.targets,
        "down",
        {"host": "127.0.0.1", "port": 1, "logins": ["app"], "host_keys": [(site.keys / "host_key.pub").read_text()]},
        check=lambda _: None,
    )
    ran = run("target", "check", "down")
    assert ran.status == 1
    assert "no  app  login: target.unreachable: target down does not answer (127.0.0.1:1: " in ran.out
    assert "    expected: let in with a certificate\n    do: see that sshd runs at 127.0.0.1 port 1" in ran.out
    (found,) = run("target", "check", "down", "--json").json
    assert (found["name"], found["login"], found["ok"]) == ("login", "app", False)


class TestProcess:
    WORDS = ("target", "add", "tools", "--kind", "process", "--login", "app")

    def test_what_its_commands_may_read(self, site: Site) -> None:
        assert run(*self.WORDS, "--read", "/opt/a", "--read", "/opt/b").status == 0
        assert load_targets(site.targets)["tools"].sandbox == Sandbox(read=("/opt/a", "/opt/b"))
        (line,) = [line for line in run("target", "list").out.splitlines() if line.split()[0] == "tools"]
        assert line.split() == ["tools", "process", "app", "command"]

    def test_what_they_may_not_read(self, site: Site) -> None:
        ran = run(*self.WORDS, "--read", "/root")
        assert (ran.status, "expected a path apart from /root" in ran.err) == (1, True)
        assert "tools" not in load_targets(site.targets)

    def test_a_host_is_none_of_its_matters(self, site: Site) -> None:
        ran = run(*self.WORDS, "--host", "h")
        assert "got host, expected it with kind ssh only" in ran.err
        assert "tools" not in load_targets(site.targets)

    @pytest.mark.skipif(bool(why_not()), reason=f"no sandbox: {why_not()}")
    def test_check(self, site: Site) -> None:
        assert run(*self.WORDS).status == 0
        ran = run("target", "check", "tools")
        assert (ran.status, "ok  app  nothing private: none" in ran.out) == (0, True)
        assert {one["ok"] for one in run("target", "check", "tools", "--json").json} == {True}

    def test_check_of_one_that_cannot_be(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("jumphost.target.bubble.PATH", "/nonexistent")
        assert run(*self.WORDS).status == 0
        ran = run("target", "check", "tools")
        assert ran.status == 1
        assert "no  app  sandbox: target.unreachable: the sandbox cannot be made: a program is missing" in ran.out
