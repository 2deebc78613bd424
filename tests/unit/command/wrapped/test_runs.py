"""find and xargs: what they run, and which words of it are not in the text."""

import shlex

import pytest

from jumphost.command.wrapped.handed import Child, Handed
from jumphost.command.wrapped.options import UnknownOptionError
from jumphost.command.wrapped.runs import READERS
from jumphost.model.request import Invocation, Word


def handed(text: str) -> Handed:
    """Words that begin with a dollar are not known."""
    words = tuple(
        Word(v="", k="dynamic", src=word, why=("param",)) if word.startswith("$") else Word(v=word)
        for word in shlex.split(text)
    )
    return READERS[words[0].v](Invocation(id=0, program=words[0].v, argv=words), "sh")


def shown(child: Child) -> str:
    """Words that are not known in angle brackets."""
    return " ".join(word.v if word.k == "literal" else f"<{word.src}>" for word in child.words)


@pytest.mark.parametrize(
    ("text", "children"),
    [
        ("find . -exec rm {} ';'", ["rm <{}>"]),
        ("find . -exec rm -- {} +", ["rm -- <{}>"]),
        ("find . -exec rm ';' -exec cp {} x{}y ';'", ["rm", "cp <{}> <x{}y>"]),
        ("find -L /a /b ( -name x -o -type f ) ! -path '*' -execdir a ';' -print", ["a"]),
        ("find . -ok a ';' -okdir b {} ';'", ["a", "b <{}>"]),
        ("find . -name -exec -exec a ';'", ["a"]),
        ("find . -exec echo -delete {} + -quit", ["echo -delete <{}>"]),
    ],
)
def test_find_runs_what_stands_before_its_end(text: str, children: list[str]) -> None:
    found = handed(text.replace("(", "'('").replace(")", "')'"))
    assert [shown(child) for child in found.children] == children
    assert (found.opaque, found.whole) == ((), True)
    assert all(child.repeated for child in found.children)


@pytest.mark.parametrize("more", ["-delete", "-fprint x", "-fls x", "-newerXY x", "-files0-from x", "-unknown"])
def test_a_find_that_does_more_is_not_whole(more: str) -> None:
    found = handed(f"find . -exec a ';' {more}")
    assert (len(found.children), found.whole) == (1, False)


@pytest.mark.parametrize(
    "text",
    [
        "find . -exec a",
        "find . -exec a {}",
        "find . -exec a +",
        "find . -exec + ';'",
        "find . -exec a + -delete ';'",
        "find . -exec a {} b +",
        "find . -exec ';'",
        "find $x -exec a ';'",
        "find . -exec a $x ';'",
    ],
)
def test_a_find_whose_end_is_not_known(text: str) -> None:
    assert handed(text) == Handed(opaque=("exec_wrapper:find",), whole=False)


@pytest.mark.parametrize("text", ["find", "find . -name x", "find . -delete", "find $x"])
def test_a_find_that_runs_nothing(text: str) -> None:
    assert handed(text) == Handed()


@pytest.mark.parametrize(
    ("text", "child"),
    [
        ("xargs", "echo <>"),
        ("xargs rm", "rm <>"),
        ("xargs -0 -r -t -n 1 -P4 -d '\\n' rm -f", "rm -f <>"),
        ("xargs --null --no-run-if-empty --max-args=5 rm", "rm <>"),
        ("xargs -I {} mv {} x{}", "mv <{}> <x{}>"),
        ("xargs -IX mv a", "mv a"),
        ("xargs -I a -I b mv a b", "mv a <b>"),
        ("xargs -E end -s 100 rm", "rm <>"),
    ],
)
def test_xargs_adds_words_or_replaces_a_mark(text: str, child: str) -> None:
    found = handed(text)
    assert [shown(child) for child in found.children] == [child]
    assert (found.opaque, found.whole, found.children[0].closed, found.children[0].repeated) == ((), True, True, True)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "xargs --arg=x rm",
            "xargs -i rm",
            "xargs -l rm",
            "xargs -e rm",
            "xargs -p rm",
            "xargs -o rm",
            "xargs --max=1 rm",
        ),
        *("xargs --replace rm", "xargs --process-slot-var=PATH rm", "xargs -n x rm", "xargs -I '' rm", "xargs $x rm"),
    ],
)
def test_an_option_of_xargs_that_is_not_known(text: str) -> None:
    with pytest.raises(UnknownOptionError):
        handed(text)


@pytest.mark.parametrize("text", ["xargs -I x -n 1 rm", "xargs -L1 -I x rm", "xargs -I x --max-args=2 rm"])
def test_a_mark_and_a_number_exclude_each_other(text: str) -> None:
    assert handed(text).opaque == ("exec_wrapper:xargs",)


def test_the_words_may_come_from_a_file() -> None:
    found = handed("xargs -a f --arg-file=g rm")
    assert (found.reads, found.children[0].closed, shown(found.children[0])) == (("f", "g"), False, "rm <>")
