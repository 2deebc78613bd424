"""Programs touch no more than their profiles say, however they are called within them: strace is the witness."""

import posixpath
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.match import Matched, match
from jumphost.policy import profiles
from jumphost.testing.calls import calls
from jumphost.testing.profiles import call
from jumphost.testing.traced import PATH, STRACE, Touched, touched

SHIPPED = profiles.shipped()
GRAMMARS = Grammars(SHIPPED)
PROGRAMS = (  # that change nothing but files, and this machine not at all
    *("arch", "awk", "b2sum", "base64", "basename", "blkid", "bunzip2", "bzcat", "bzip2", "cal", "cat", "chgrp"),
    *("chmod", "chown", "cksum", "cmp", "column", "comm", "cp", "cut", "dd", "df", "diff", "dirname", "dmesg"),
    *("du", "egrep", "expand", "expr", "factor", "fgrep", "file", "find", "findmnt", "fmt", "fold", "free"),
    *("fuser", "gawk", "getconf", "getent", "grep", "groups", "gunzip", "gzip", "head", "hexdump", "hostid"),
    *("iconv", "id", "ifconfig", "install", "iostat", "ip", "ipcs", "join", "jq", "last", "lastlog", "ln"),
    *("locale", "logname", "look", "ls", "lsblk", "lscpu", "lsipc", "lslocks", "lslogins", "lsmem", "lsns"),
    *("lsof", "mawk", "md5sum", "mkdir", "mkfifo", "mktemp", "mountpoint", "mpstat", "mv", "namei", "netstat"),
    *("nl", "nproc", "numfmt", "od", "paste", "pgrep", "pidof", "pidstat", "pmap", "printenv", "ps", "pstree"),
    *("pwdx", "readlink", "realpath", "rev", "rm", "rmdir", "route", "sed", "sha1sum", "sha256sum"),
    *("sha512sum", "shred", "shuf", "slabtop", "sort", "ss", "stat", "strings", "sum", "tac", "tail", "tar"),
    *("tee", "touch", "tr", "tree", "truncate", "tty", "unexpand", "uniq", "unlink", "unxz", "unzstd"),
    *("uptime", "users", "vmstat", "w", "wc", "whereis", "which", "who", "whoami", "xxd", "xz", "xzcat"),
    *("zcat", "zgrep", "zstd", "zstdcat"),
)
NAMES = ("a", "b", "c.gz", "d.bz2", "e.xz", "f.zst", "g.tar", "j.json", "sub/x", "sub", "empty", "link", "nothing")
HELPERS = {  # programs that others are made of, which say nothing of the text
    "egrep": {"grep"},
    "fgrep": {"grep"},
    "gunzip": {"gzip"},
    "zcat": {"gzip"},
    "zgrep": {"expr", "grep", "gzip", "sed"},
    "tar": {"bzip2", "gzip", "sh", "xz", "zstd"},
    "locale": {"gzip"},
}
GZIP = {"gzip", "gunzip", "zcat", "zgrep"}
TRIED = (".gz", "-gz", ".z", "-z", "_z", ".Z")  # gzip looks for FILE.gz and the like where there is no FILE
NOTHING_KEPT = ("/dev/", "/proc/self/", "/etc/.pwd.lock")
CHANGES = {"fs_write", "fs_delete"}
pytestmark = pytest.mark.skipif(STRACE is None, reason="strace is not installed")
HERE = [program for program in PROGRAMS if program in SHIPPED and shutil.which(program, path=PATH)]


def fill(folder: Path) -> Path:
    """A tree of files, and the current directory of a program beside it."""
    tree, here = folder / "tree", folder / "here"
    for made in (tree / "sub", tree / "empty", here, folder / "out"):
        made.mkdir(parents=True)
    for name in NAMES[:9]:
        (tree / name).write_text("alpha beta\ngamma 3\n")
    (tree / "link").symlink_to(tree / "a")
    (tree / "sub" / "outside").symlink_to(here / "secret")
    for name in ("secret", "x", "1", "10"):
        (here / name).write_text("not to be read\n")
    return here


def under(path: str, places: tuple[str, ...]) -> bool:
    return any(path == place or path.startswith(f"{place}/") for place in places)


def unsaid(found: Matched, seen: Touched, program: str, folder: Path) -> list[str]:
    """What was seen and not said."""
    effects, changed = set(found.profile.effects), (*found.writes, *found.deletes)
    said = (*changed, *found.reads)
    beside = {posixpath.dirname(path) for path in said}  # a directory is opened to keep it; temporary names stand there
    above = {parent for path in said for parent in map(str, Path(path).parents)}
    faults = []
    for path in sorted(seen.written):
        if path.startswith(NOTHING_KEPT) or ("system_write" in effects and path.startswith("/run/blkid/")):
            continue
        if not effects & CHANGES:
            faults.append(f"changes {path}")
        elif found.known and not under(path, changed) and posixpath.dirname(path) not in beside and path not in above:
            faults.append(f"changes {path} beside {changed}")
    for path in sorted(seen.read):
        ours = under(path, (str(folder),)) and path not in (str(folder / "here"), str(folder / "here" / "-"))
        tried = program in GZIP and path.endswith(TRIED) and path.rstrip("gzZ").rstrip(".-_") in said
        if found.known and ours and path not in beside and not under(path, said) and not tried:
            faults.append(f"reads {path} beside {said}")
    faults += [f"runs {name}" for name in sorted(seen.ran - HELPERS.get(program, set()))]
    if seen.asked and "net_read" not in effects:
        faults.append("asks the network")
    if seen.stdin and not found.profile.stdin:
        faults.append("reads its standard input")
    return faults


def test_the_witness_sees_what_is_done(tmp_path: Path) -> None:
    here = fill(tmp_path)
    script = "read line; cat ../tree/a x >../out/p; cd ../tree; rm -f nothing; ln -s elsewhere sub/made"
    seen = touched(["sh", "-c", script], here, here / "x")
    assert {path for path in seen.read if under(path, (str(tmp_path),))} == {f"{tmp_path}/tree/a", f"{here}/x"}
    assert seen.written == {f"{tmp_path}/out/p", f"{tmp_path}/tree/nothing", f"{tmp_path}/tree/sub/made"}
    assert (seen.ran, seen.asked, seen.stdin) == ({"cat", "rm", "ln"}, False, True)


@pytest.mark.long
@pytest.mark.parametrize("program", HERE)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False)
@given(data=st.data())
def test_touches_no_more_than_it_says(program: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here = fill(folder)
        read = [str(folder / "tree" / one) for one in NAMES]
        words = data.draw(calls(SHIPPED[program], read, [str(folder / "out" / "p"), str(folder / "out" / "q")]))
        found = match(call(*words, program=program), GRAMMARS)
        if not found.profile.matched:
            return
        seen = touched([program, *words], here, here / "x")
        assert unsaid(found, seen, program, folder) == [], [program, *words]
