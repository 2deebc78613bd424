import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

import pytest
from msgspec.structs import replace

from jumphost.target import lineage

MARK = f"jumphost-test:{os.getpid()}"
TREE = "import subprocess, sys; print('up', flush=True); subprocess.run(['sleep', '1000'])"


@pytest.fixture
def parent() -> Iterator["subprocess.Popen[bytes]"]:
    """A process with a child, which has a number, and an argument that is a mark."""
    process = subprocess.Popen([sys.executable, "-c", TREE, MARK], stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout is not None
    process.stdout.readline()
    while not lineage.descendants(process.pid):
        pass
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_descendants_are_found_at_any_depth(parent: "subprocess.Popen[bytes]") -> None:
    (below,) = lineage.descendants(parent.pid)
    assert below.parent == parent.pid
    assert {below.pid, parent.pid} <= {seen.pid for seen in lineage.descendants(os.getpid())}


def test_nothing_descends_from_who_is_not_there() -> None:
    assert lineage.descendants(2**22 + 1) == []


def test_a_mark_is_whole_arguments_in_their_order(parent: "subprocess.Popen[bytes]") -> None:
    assert [seen.pid for seen in lineage.marked(MARK)] == [parent.pid]
    assert [seen.pid for seen in lineage.marked(TREE, MARK)] == [parent.pid]
    for others in ((MARK[:-1],), (MARK[1:],), (MARK, TREE), ("-c", MARK)):
        assert lineage.marked(*others) == []


def test_a_zombie_bears_no_mark(parent: "subprocess.Popen[bytes]") -> None:
    parent.kill()
    os.waitid(os.P_PID, parent.pid, os.WEXITED | os.WNOWAIT)
    assert lineage.marked(MARK) == []


def test_a_signal_reaches_those_that_were_seen(parent: "subprocess.Popen[bytes]") -> None:
    assert lineage.send(lineage.descendants(parent.pid), signal.SIGTERM) == 1
    assert parent.wait() == 0


def test_a_number_that_another_process_has_now_is_left_alone(parent: "subprocess.Popen[bytes]") -> None:
    (below,) = lineage.descendants(parent.pid)
    assert lineage.send([replace(below, started=below.started - 1)], signal.SIGTERM) == 0
    assert lineage.send([replace(below, pid=2**22 + 1)], signal.SIGTERM) == 0
    assert lineage.descendants(parent.pid) == [below]
