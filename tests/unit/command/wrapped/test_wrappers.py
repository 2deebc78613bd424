"""Local wrappers: which words are theirs and which are the program's."""

import shlex
import shutil
import subprocess

import pytest

from jumphost.command.wrapped.handed import Child, Handed
from jumphost.command.wrapped.options import UnknownOptionError
from jumphost.command.wrapped.wrappers import ALWAYS, LOADER, READERS
from jumphost.model.request import Invocation, Word


def handed(text: str, dialect: str = "sh") -> Handed:
    words = tuple(Word(v=word) for word in shlex.split(text))
    return READERS[words[0].v](Invocation(id=0, program=words[0].v, argv=words), dialect)


def words(child: Child) -> str:
    return " ".join(word.v for word in child.words)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (text, after)
        for after in ("rm -n x", "/bin/rm", "rm -- x", "rm A=b")
        for text in (
            *(
                "sudo",
                "sudo -n",
                "sudo -u root",
                "sudo -uroot",
                "sudo -nu root",
                "sudo --user=root",
                "sudo --user root",
            ),
            *("sudo --", "sudo A=b", "sudo -p '' -E", "sudo -T 5m", "doas", "doas -nu root", "env", "env -i", "env -"),
            *(
                "env A=b C=",
                "env -u A -i",
                "env -uA",
                "env --unset=A B=c",
                "env -C /x",
                "env -v",
                "env - A=b",
                "env --",
            ),
            *("nohup", "nohup --", "nice", "nice -n 5", "nice -n5", "nice -n -5", "nice -19", "nice --adjustment=3"),
            *(
                "ionice -c 3",
                "ionice -c2 -n7 -t",
                "ionice --class=idle",
                "timeout 5",
                "timeout 1.5m",
                "timeout -k 5 10s",
            ),
            *("timeout -s KILL 5", "timeout -sSIGTERM 5", "timeout -s 9 5", "timeout --signal=HUP --foreground 5"),
            *("stdbuf -oL", "stdbuf -o0 -e 4K", "stdbuf --output=L", "setsid", "setsid -w", "chrt -i 0", "chrt 10"),
            *("chrt --fifo 10", "taskset 0x3", "taskset -c 0-3", "taskset -c 0,2", "time", "time -p", "time -f %e"),
            *("command", "command -p", "command --", "exec", "busybox", "toybox", "strace", "strace -f -e trace=%file"),
            *("strace -e open,close -s 10", "unshare -n", "unshare -mp --fork"),
        )
        if not (text.startswith(("sudo A", "env A", "env - A")) and "rm A" in after)
    ],
)
def test_the_rest_is_the_program(before: str, after: str) -> None:
    found = handed(f"{before} {after}")
    assert [words(child) for child in found.children] == [after]
    assert (found.opaque, found.whole) == ((), True)


@pytest.mark.parametrize(
    "text",
    [
        *("sudo -g a rm", "sudo -R / rm", "sudo -D / rm", "sudo -h x rm", "sudo -A rm", "sudo -b rm", "sudo -e x"),
        *(
            "sudo --preserve-env=A rm",
            "sudo --non rm",
            "sudo -u '#0' rm",
            "sudo -u a=b rm",
            "sudo a.b=c rm",
            "sudo -nu",
        ),
        *("doas -L", "doas -u '' rm", "env -a x rm", "env --ignore rm", "env -0z", "env a.b=c rm", "env /a=b rm"),
        *("nohup -x rm", "nice -n x rm", "nice --adj=5 rm", "nice -n", "nice --5 rm", "ionice -p 1", "ionice -c 9 rm"),
        *(
            "timeout -p 5 rm",
            "timeout rm 5",
            "timeout -k x 5 rm",
            "timeout --fore 5 rm",
            "timeout 5x rm",
            "timeout '' rm",
        ),
        *("stdbuf -oX rm", "stdbuf -x rm", "setsid -f rm", "setsid -c rm", "chrt -p 1 2", "chrt -d 0 rm", "chrt rm"),
        *("taskset -p 1 2", "taskset rm", "time -o x rm", "time -a rm", "command -x rm", "busybox --install rm"),
        *("strace -o x rm", "strace -p 1", "strace -e inject=open rm", "strace -E A=b rm", "unshare -r rm"),
        *("unshare -R / rm", "unshare --net=/x rm", "unshare -S 0 rm"),
    ],
)
def test_an_option_that_is_not_known_is_not_skipped(text: str) -> None:
    with pytest.raises(UnknownOptionError):
        handed(text)


@pytest.mark.parametrize(
    "text",
    ["env", "env A=b", "nice", "nohup", "timeout 5", "command", "command -v rm", "command -V rm", "busybox", "sudo -l"],
)
def test_without_a_program_nothing_runs(text: str) -> None:
    assert handed(text) == Handed()


def test_variables_go_to_the_child_and_into_the_facts() -> None:
    found = handed("env -u HOME A=b C= rm")
    assert [(one.name, one.value.v) for one in found.children[0].env] == [("A", "b"), ("C", "")]
    assert found.given == (("A", "b"), ("C", ""), ("HOME", ""))
    assert handed("sudo A=b rm").given == (("A", "b"),)


def test_an_empty_environment_is_a_change_of_all_of_it() -> None:
    assert handed("env -i rm").given == (("*", ""),)
    assert handed("env - A=b rm").given == (("A", "b"), ("*", ""))


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("sudo rm", "root"),
        ("sudo -u a -u b rm", "b"),
        ("sudo -nua rm", "a"),
        ("doas -u c rm", "c"),
        ("doas rm", "root"),
    ],
)
def test_who_runs_it(text: str, user: str) -> None:
    found = handed(text)
    assert found.children[0].run_as == user
    assert found.privilege == (f"{text.split()[0]}:{user}",)


def test_builtins_run_in_the_shell_itself() -> None:
    assert [handed(text).children[0].in_shell for text in ("command cd", "exec cd", "env cd")] == [True, True, False]
    assert handed("builtin cd", "bash").children[0].in_shell
    assert handed("builtin cd").opaque == ("exec_wrapper:builtin",)


@pytest.mark.parametrize(
    ("name", "loader"),
    [
        *(
            (name, True)
            for name in ("ld.so", "ld-linux-x86-64.so.2", "ld-linux.so.2", "ld-musl-x86_64.so.1", "ld-2.36.so")
        ),
        *((name, False) for name in ("ld", "ld.gold", "ldd", "ld.so.conf", "libc.so.6")),
    ],
)
def test_the_loader_has_many_names(name: str, loader: bool) -> None:
    assert (LOADER.fullmatch(name) is not None) == loader


def test_what_is_read_is_not_also_refused() -> None:
    assert not ALWAYS & set(READERS)


PROBES = {  # what must come before the program, for the real one to take it
    "timeout": ["5"],
    "chrt": ["-o", "0"],
    "taskset": ["-c", "0"],
    "ionice": ["-t"],
    "stdbuf": ["-oL"],
    "env": [],
    "nice": [],
    "nohup": [],
    "setsid": [],
    "time": ["-p"],
}


@pytest.mark.parametrize("name", PROBES)
def test_the_real_programs_run_what_is_listed(name: str) -> None:
    real = shutil.which(name)
    if real is None:
        pytest.skip(f"{name} is not installed")
    ran = subprocess.run(
        [real, *PROBES[name], "/bin/echo", "-n", "x", "-k"], capture_output=True, text=True, check=True, timeout=10
    )
    assert ran.stdout == "x -k"
    assert (
        words(handed(shlex.join([name, *PROBES[name], "/bin/echo", "-n", "x", "-k"])).children[0])
        == "/bin/echo -n x -k"
    )
