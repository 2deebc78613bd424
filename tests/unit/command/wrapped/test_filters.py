"""awk and sed as they are called."""

import shlex

import pytest

from jumphost.command.wrapped.filters import READERS
from jumphost.command.wrapped.handed import Handed
from jumphost.model.request import Invocation, Word


def handed(text: str) -> Handed:
    """Words that begin with a dollar are not known."""
    words = tuple(
        Word(v="", k="dynamic", src=word, why=("find_arg",) if word == "${}" else ("param",))
        if word.startswith("$")
        else Word(v=word)
        for word in shlex.split(text)
    )
    return READERS[words[0].v](Invocation(id=0, program=words[0].v, argv=words), "sh")


@pytest.mark.parametrize(
    "text",
    [
        *("awk '{ print $1 }'", "awk -F: -v x=1 -v OFS=: '{ print $1 }' f g", "gawk -F , 1 -", "mawk NF x=1 f $x"),
        *("awk -- 1 f", "awk --version", "sed p", "sed -n 1,5p f", "sed -nE -e p -e 's/a/b/' f", "sed --version"),
        *(
            "sed f -n -e p",
            "sed -i s/a/b/ f",
            "sed -i.bak -e p f",
            "sed -ni p f",
            "sed --in-place=.x p f",
            "sed -- p $x",
        ),
        *("sed -s -l 5 --expression=p f", "sed --quiet --posix p"),
    ],
)
def test_plain_ones_hide_nothing(text: str) -> None:
    assert handed(text) == Handed()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        *((text, "awk_code") for text in ("awk", "awk -f x", "awk --file=x", "awk -i x 1", "awk -l x 1", "awk -E x")),
        *((text, "awk_code") for text in ("awk $x", "awk -v $x 1", "awk -v ENVIRON=1 1", "awk -vRS", "awk 1 -f x")),
        *((text, "awk_code") for text in ("awk 1 /inet/tcp/0/x/80", "awk -e 1", "awk --re-interval 1", "awk -v 1=2 1")),
        *((text, "sed_code") for text in ("sed", "sed $x", "sed p $x", "sed -e", "sed --expr=p", "sed -x p", "sed -E")),
        *(
            (text, "sed_code")
            for text in ("sed 1e -ie p", "sed '1e x' -ip", "sed -e p -e 1e", "sed -e p --expression=e")
        ),
        *((text, "sed_file") for text in ("sed -f x", "sed -nf x", "sed p --file=x", "sed -e p -fx")),
    ],
)
def test_others_are_named(text: str, reason: str) -> None:
    found = handed(text)
    assert (found.opaque, found.whole, found.children) == ((reason,), False, ())


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ('"x=$y"', True),
        ('"x=${y}"', True),
        ("x=$y", False),
        ('"x=$@"', False),
        ('"x=$y$z"', False),
        ('"$x=$y"', False),
        ('"ENVIRON=$y"', False),
    ],
)
def test_a_variable_may_have_any_value(source: str, plain: bool) -> None:
    words = (Word(v="awk"), Word(v="-v"), Word(v="", k="dynamic", src=source, why=("param",)), Word(v="1"))
    assert (READERS["awk"](Invocation(id=0, program="awk", argv=words), "sh") == Handed()) == plain


def test_what_is_not_plain_is_kept() -> None:
    assert [(one.lang, one.text) for one in handed("awk 'BEGIN { system(1) }'").inline] == [
        ("awk", "BEGIN { system(1) }")
    ]
    assert [one.text for one in handed("sed -e p -e 1e").inline] == ["p", "1e"]


def test_the_suffix_of_in_place_is_no_option() -> None:
    assert handed("sed -ie p f") == Handed()
    assert handed("sed -ie 1e f").opaque == ("sed_code",)
    assert handed("sed -if p f") == Handed()
