"""Any tree is profiles or faults with lines, and any word is taken or refused: never an exception."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jumphost.command.profiled import checks
from jumphost.command.profiled import reading as profile_reading
from jumphost.command.profiled.checks import plain_path, taker
from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.located import Part
from jumphost.command.profiled.match import match
from jumphost.command.profiled.profile import EFFECTS, Check, decode, encode
from jumphost.testing.profiles import call

KEYS = [
    *(
        "summary",
        "verified",
        "source",
        "style",
        "allow",
        "refuse",
        "forms",
        "effects",
        "effects_from",
        "unless_read",
        "stdin",
        "flags",
    ),
    *("requires", "operands", "verbs", "bare", "globals", "value", "optional", "excludes", "many", "instead", "run"),
    *("as", "when", "without", "x", "-a", "-b, --bytes", "if=", "get", "hosts", "reads"),
]
scalars = (
    st.sampled_from(
        [
            *sorted(checks.NAMES),
            *sorted(EFFECTS),
            *KEYS,
            "path_read*",
            "text?",
            "any+",
            "gnu",
            "go",
            "words",
            "before",
            "sql",
        ]
    )
    | st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=4)
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*KEYS, *sorted(checks.NAMES)]) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=30,
)
ABOUT = {"summary": "s", "allow": ["x"], "refuse": ["x"]}
NAMES = ["-a", "-b, --bytes", "--c", "if="]
some_names = st.lists(st.sampled_from(["-a", "-b", "--bytes", "--c"]), max_size=2)
flags = st.dictionaries(
    st.sampled_from(NAMES),
    trees | st.fixed_dictionaries({}, optional={"excludes": some_names, "value": st.just("text")}),
)
parts = {
    "flags": flags,
    "requires": some_names,
    "globals": st.just("before"),
    "bare": st.booleans(),
    "stdin": st.fixed_dictionaries({"as": st.just("sql")}, optional={"without": some_names}),
    "operands": st.lists(st.sampled_from(["text", "path_read*", "number?", "url+"]), max_size=3),
}
verbs = st.dictionaries(
    st.sampled_from(["get", "put"]), st.none() | st.fixed_dictionaries({}, optional=parts), max_size=2
)
styles = st.sampled_from(["gnu", "posix", "single", "go", "keyword"])
forms = st.fixed_dictionaries({}, optional={"style": styles, "verbs": verbs, **parts}).map(lambda form: ABOUT | form)
words = st.sampled_from(["-a", "-b", "-b1", "--bytes=2", "--c", "if=/x", "get", "/x", "5", "--"]) | st.text(max_size=5)


def located(value: Any) -> Part:
    if isinstance(value, dict):
        return Part({key: located(item) for key, item in value.items()}, 1)
    return Part([located(item) for item in value], 1) if isinstance(value, list) else Part(value, 1)


@settings(max_examples=400, deadline=None)
@given(trees | st.dictionaries(st.sampled_from(["x", "y"]), trees | forms, max_size=2), st.lists(words, max_size=5))
def test_any_tree_is_profiles_or_faults(value: Any, argv: list[str]) -> None:
    told: list[tuple[int, str, str]] = []
    found = profile_reading.read(located(value), "f.yaml", lambda *fault: told.append(fault))
    assert found or told or value in (None, {})
    assert all(line == 1 and message.startswith("got ") and "expected" in message for line, _, message in told)
    grammars = Grammars(decode(encode(found)))
    for program in found:
        made = match(call(*argv, program=program), grammars)
        assert made.profile.matched == (made.why == "")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(checks.NAMES - checks.WITH_WORDS - checks.WITH_CHECKS)), st.text(max_size=20))
def test_any_word_is_taken_or_refused(name: str, word: str) -> None:
    """A check of files takes no word that begins like a flag, and nothing that would draw on a screen."""
    taken = taker(Check(name))(word)
    assert taken is None or isinstance(taken, tuple)
    if taken and name.startswith(("path", "sqlite")) and word != "-":
        assert not word.startswith("-")
        assert word.isprintable() or not any(ord(letter) < 0xA0 and not letter.isprintable() for letter in word)
    path = plain_path(word)
    assert path in ("", word, word.rstrip("/"))
    assert ".." not in path.split("/")
