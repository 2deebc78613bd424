import subprocess
from pathlib import Path

import pytest

from jumphost.model.target import Target
from jumphost.target.enroll import enrolment

CA = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBAGFO+8cm/qLUwpwDIYNvyZDdJXV9pAd4sRGGFOBR3e"
TARGET = Target(name="payments-db", logins=("app", "postgres"), host="10.0.0.5")

DROP_IN = """\
Match User app,postgres
    TrustedUserCAKeys {etc}/jumphost/payments-db/target_ca.pub
    AuthorizedPrincipalsFile {etc}/jumphost/payments-db/principals/%u
    AuthorizedPrincipalsCommand none
    AuthorizedKeysFile none
    AuthorizedKeysCommand none
    PubkeyAuthentication yes
    AuthenticationMethods publickey
    AllowTcpForwarding no
    AllowStreamLocalForwarding no
    AllowAgentForwarding no
    PermitTunnel no
    X11Forwarding no
    PermitTTY no
    PermitUserRC no
    SetEnv SHLVL=1 ZDOTDIR=/nonexistent
"""


def test_files() -> None:
    made = enrolment(TARGET, f"{CA} a comment\n")
    assert (made.target, made.logins) == ("payments-db", ("app", "postgres"))
    assert {file.path: file.content for file in made.files} == {
        "/etc/ssh/jumphost/payments-db/target_ca.pub": f"{CA} a comment\n",
        "/etc/ssh/jumphost/payments-db/principals/app": "app@payments-db\n",
        "/etc/ssh/jumphost/payments-db/principals/postgres": "postgres@payments-db\n",
        "/etc/ssh/sshd_config.d/00-jumphost-payments-db.conf": DROP_IN.format(etc="/etc/ssh"),
    }
    assert {file.mode for file in made.files} == {"0644"}


def test_root_may_log_in_only_where_it_is_a_login() -> None:
    def drop_in(*logins: str) -> str:
        return enrolment(Target(name="t", logins=logins), CA).files[-1].content

    assert drop_in("app", "root").startswith("Match User app,root\n    PermitRootLogin prohibit-password\n")
    assert "PermitRootLogin" not in drop_in("app")


def test_sockets_are_made_only_where_credentials_go_by_proxy() -> None:
    closed, opened = (
        {*enrolment(TARGET, CA, sockets=sockets).files[-1].content.split("\n")} for sockets in (False, True)
    )
    assert closed - opened == {"    AllowTcpForwarding no", "    AllowStreamLocalForwarding no"}
    assert opened - closed == {
        "    AllowTcpForwarding remote",
        "    PermitListen none",
        "    AllowStreamLocalForwarding remote",
    }
    assert "    AllowStreamLocalForwarding remote\n" in enrolment(TARGET, CA, sockets=True).script


class TestScript:
    @pytest.fixture
    def etc(self, tmp_path: Path) -> Path:
        """An /etc/ssh whose sshd takes any configuration, and writes down which it was asked about."""
        (tmp_path / "sshd_config").write_text(f"  include  {tmp_path}/sshd_config.d/*.conf\n")
        (tmp_path / "sshd").write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/asked\n')
        (tmp_path / "sshd").chmod(0o755)
        return tmp_path

    def follow(self, etc: Path) -> "subprocess.CompletedProcess[str]":
        script = enrolment(TARGET, CA).script
        environment = {"ETC": str(etc), "PATH": f"{etc}:/usr/bin:/bin"}
        return subprocess.run(["/bin/sh"], input=script, env=environment, text=True, capture_output=True, check=False)

    def test_writes_the_files_and_asks_sshd(self, etc: Path) -> None:
        for _ in range(2):
            done = self.follow(etc)
            assert (done.returncode, done.stderr) == (0, "")
        assert "then: jumphost target check payments-db" in done.stdout
        assert (etc / "asked").read_text() == f"-t -f {etc}/sshd_config\n"
        for file in enrolment(TARGET, CA).files:
            written = etc / Path(file.path).relative_to("/etc/ssh")
            assert written.read_text() == file.content.replace("/etc/ssh", str(etc))
            assert f"{written.stat().st_mode & 0o777:04o}" == file.mode

    def test_says_if_sshd_would_not_read_them(self, etc: Path) -> None:
        (etc / "sshd_config").write_text("# Include nothing\n")
        done = self.follow(etc)
        assert done.returncode == 1
        assert f"put this line at the top of {etc}/sshd_config: Include {etc}/sshd_config.d/*.conf" in done.stderr
        assert not (etc / "asked").exists()

    def test_fails_if_sshd_does_not_take_them(self, etc: Path) -> None:
        (etc / "sshd").write_text("#!/bin/sh\nexit 255\n")
        assert self.follow(etc).returncode == 255

    def test_leaves_a_shell_that_it_is_pasted_into_as_it_was(self, etc: Path) -> None:
        (etc / "sshd_config").unlink()
        script = enrolment(TARGET, CA).script + "echo still here: ${etc-no etc}\nfalse\necho no set -e\n"
        environment = {"ETC": str(etc), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(["/bin/sh"], input=script, env=environment, text=True, capture_output=True, check=False)
        assert done.stdout == "still here: no etc\nno set -e\n"
