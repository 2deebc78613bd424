import shutil
import subprocess
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumphost.command import forced, leased
from jumphost.command.canonical import quote

REQUEST = "01937fb2-5a00-7000-8000-0123456789ab"
SHELLS = [path for name in ("sh", "dash", "bash", "zsh") if (path := shutil.which(name))]


def pinned(text: str, **given: object) -> str:
    return forced.pinned(text, **{"request": REQUEST, "env": {}, "shell": "sh", "timeout_s": None, **given})


def ran(shell: str, line: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([shell, "-c", line], capture_output=True, env=environment, check=False)


class TestPinned:
    def test_is_the_string_of_the_design(self) -> None:
        assert pinned("'psql' -X -c 'select 1'") == (
            'exec /usr/bin/env -i HOME="$HOME" USER="$USER" LOGNAME="$LOGNAME" '
            "PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8 "
            f"JUMPHOST_REQUEST={REQUEST} /bin/sh -c "
            r"''\''psql'\'' -X -c '\''select 1'\'''"
        )

    def test_granted_environment_is_sorted_and_quoted(self) -> None:
        line = pinned("'env'", env={"B": "it's", "A": "$HOME"})
        assert f"JUMPHOST_REQUEST={REQUEST} A='$HOME' B='it'\\''s' /bin/sh -c " in line

    def test_time_limit_comes_after_the_gateway_s_own(self) -> None:
        assert f"JUMPHOST_REQUEST={REQUEST} /usr/bin/timeout -k 5 65 /bin/sh -c " in pinned("'a'", timeout_s=60)

    def test_bash_reads_no_start_up_file(self) -> None:
        assert f"JUMPHOST_REQUEST={REQUEST} /bin/bash --norc --noprofile -c ''\\''a'\\'''" in pinned(
            "'a'", shell="bash"
        )

    @pytest.mark.parametrize("shell", SHELLS)
    def test_reaches_the_inner_shell_exactly(self, shell: str) -> None:
        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
        def exact(words: list[str]) -> None:
            text = " ".join(["'printf'", "'%s\\0'", *map(quote, words)])
            said = ran(shell, pinned(text), HOME="/", USER="u", LOGNAME="u").stdout
            assert said == "".join(f"{word}\0" for word in words or [""]).encode()

        exact()

    @pytest.mark.parametrize("request_id", ["", REQUEST.upper(), REQUEST + "\n", REQUEST[:-1], "$(id)", f" {REQUEST}"])
    def test_request_that_is_no_uuid(self, request_id: str) -> None:
        for make in (forced.stop, lambda one: forced.signal(one, "TERM"), lambda one: pinned("'a'", request=one)):
            with pytest.raises(ValueError, match="expected a UUID"):
                make(request_id)

    @pytest.mark.parametrize(
        "name", ["PATH", "HOME", "LD_PRELOAD", "BASH_ENV", "IFS", "JUMPHOST_REQUEST", "A B", "1A", ""]
    )
    def test_name_that_nobody_may_grant(self, name: str) -> None:
        assert not forced.grantable(name)
        with pytest.raises(ValueError, match="names that a policy may grant"):
            pinned("'a'", env={name: "x"})

    def test_too_long(self) -> None:
        assert len(pinned("x" * (forced.MAX_BYTES - 200))) <= forced.MAX_BYTES
        with pytest.raises(ValueError, match="expected at most 120000"):
            pinned("'" * 40_000)

    @pytest.mark.parametrize("given", [{"text": "a\0b"}, {"text": "a", "env": {"A": "\0"}}])
    def test_nul(self, given: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="got a NUL"):
            pinned(**given)  # type: ignore[arg-type]


class TestStop:
    @pytest.mark.parametrize("shell", SHELLS)
    def test_ends_what_bears_the_mark(self, shell: str) -> None:
        line = pinned("trap '' TERM HUP; echo up; sleep 1000 & sleep 1000 & wait")
        with subprocess.Popen([shell, "-c", line], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            done = ran(shell, forced.stop(REQUEST))
            assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
            assert process.wait() == -9
            assert process.stdout.read() == b""  # nobody holds it any more

    def test_none_left(self) -> None:
        assert ran("/bin/sh", forced.stop(REQUEST)).returncode == 0

    def test_the_socket_of_the_request_goes_too(self) -> None:
        request = str(uuid4())
        place = Path(leased.socket(request))
        place.touch()
        assert ran("/bin/sh", forced.stop(request)).returncode == 0
        assert not place.exists()

    def test_admits_that_it_cannot_look(self) -> None:
        blind = forced.stop(REQUEST).replace("PATH=/usr/local/bin:/usr/bin:/bin", "PATH=/nonexistent")
        assert ran("/bin/sh", blind).returncode == 3


class TestSignal:
    def test_reaches_every_process(self) -> None:
        line = pinned("trap 'exit 41' USR1; echo up; while :; do sleep 0.1; done")
        with subprocess.Popen(["/bin/sh", "-c", line], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            assert ran("/bin/sh", forced.signal(REQUEST, "USR1")).returncode == 0
            assert process.wait() == 41

    def test_none_to_reach(self) -> None:
        assert ran("/bin/sh", forced.signal(REQUEST, "TERM")).returncode == 1

    @pytest.mark.parametrize("name", ["SIGTERM", "STOP", "9", "", "TERM; id"])
    def test_unknown(self, name: str) -> None:
        with pytest.raises(ValueError, match="expected one of HUP, INT, KILL"):
            forced.signal(REQUEST, name)


@pytest.mark.parametrize("shell", SHELLS)
def test_check_tells_what_the_login_shell_has(shell: str) -> None:
    said = ran(shell, forced.check(), SHELL=shell, SHLVL="1", ZDOTDIR="/nonexistent", HOME="/").stdout.decode()
    facts = dict(line.split("=", 1) for line in said.splitlines())
    assert facts["shell"] == shell
    assert facts["zdotdir"] == "/nonexistent"
    assert facts["path"] == forced.PATH
    assert "builtin" in facts["exec"]
    assert [facts[key] for key in ("jumphost-check", "stop", "timeout", "sleep", "end")] == [
        "1",
        "yes",
        "yes",
        "yes",
        "1",
    ]
