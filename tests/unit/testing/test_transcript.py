"""Pages that are run: what a page shows must be what happens, and a difference is told with its line."""

import os
from pathlib import Path

import pytest

from jumphost.testing import transcript
from jumphost.testing.transcript import play

ID = "01a210a9-3f6d-7d47-9191-0b6527a84be8"


def run(page: str, folder: Path) -> None:
    play(page.replace("'''", "```"), folder, os.environ)


def test_one_shell_a_terminal(tmp_path: Path) -> None:
    run(
        """Text.

'''console
$ export WORD=said; false
$ echo $? $WORD >&2
1 said
$ cat <<END
> two
> lines
> END
two
lines
'''

'''text
$ not run
'''

'''yaml folder/file
key: value
'''

'''console other
$ echo ${WORD:-unsaid}; cat folder/file
unsaid
key: value
'''
""",
        tmp_path,
    )


def test_what_differs_is_an_ellipsis(tmp_path: Path) -> None:
    run(f"'''console\n$ printf 'a\\nb {ID} c\\nd\\n'\n…\nb … c\n…\n$ echo [ … ]\n[ {ID} ]\n'''\n", tmp_path)


def test_a_command_goes_on_in_the_next_block_of_its_terminal(tmp_path: Path) -> None:
    run(
        """'''console waits
$ echo begun; until [ -e go ]; do sleep 0.01; done; echo done
begun
'''
'''console
$ touch go
'''
'''console waits
done
$ echo next
next
'''
'''console waits
$ echo stays; exec sleep 60
stays
'''
""",
        tmp_path,
    )


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("'''console\n$ echo a\nb\n'''\n", "line 2: echo a\ngot:\na\nexpected:\nb\n"),
        ("'''console\n$ echo a\n'''\n", "line 2: echo a\ngot:\na\nexpected:\n"),
        ("'''console\n$ true\na\n'''\n", "line 2: true\ngot:\nexpected:\na\n"),
        (
            "'''console x\n$ echo a; sleep 0.1; echo b\na\n'''\n'''console x\n$ true\n'''\n",
            "line 6: what goes on\ngot:\nb\n",
        ),
        ("'''console\nrest\n'''\n", "line 2: what goes on\ngot:\nexpected:\nrest\n"),
    ],
)
def test_a_difference_is_told(page: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        run(page, tmp_path)
    assert str(caught.value).startswith(says)


def test_a_command_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "DEADLINE_S", 0.1)
    with pytest.raises(AssertionError, match=r"line 2: sleep 60\ngot \(not ended\):\n"):
        run("'''console\n$ sleep 60\n'''\n", tmp_path)


def test_a_shell_that_ends_is_no_command_that_ends_well(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run("'''console\n$ exit 3\nmore\n'''\n", tmp_path)
