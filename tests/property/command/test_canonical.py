"""Canonical text and its reading are inverse to each other."""

from hypothesis import given
from hypothesis import strategies as st

from jumphost.command.canonical import canonical
from jumphost.command.lexer import Redirection, Simple, parse
from jumphost.command.opaque import NotLiteral

values = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
programs = values.filter(lambda word: word != "" and "=" not in word and word[0] != "%" and word not in ("-", "noglob"))
names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)
descriptors = st.integers(0, 9)
redirections = st.one_of(
    st.builds(Redirection, descriptors, st.sampled_from([">", ">>", ">|", "<", "<>"]), values.filter(bool)),
    st.builds(Redirection, descriptors, st.sampled_from([">&", "<&"]), to=descriptors),
    st.builds(Redirection, descriptors, st.sampled_from([">&-", "<&-"])),
)


@st.composite
def command_lists(draw: st.DrawFn) -> list[Simple]:
    commands = []
    for number in range(draw(st.integers(1, 4))):
        commands.append(
            Simple(
                words=(draw(programs), *draw(st.lists(values, max_size=4))),
                joint=draw(st.sampled_from(["|", "&&", "||", ";"])) if number else "",
                env=tuple(draw(st.lists(st.tuples(names, values), max_size=2))),
                redirects=tuple(draw(st.lists(redirections, max_size=3))),
            )
        )
    return commands


@given(command_lists())
def test_any_commands_survive_their_spelling(commands: list[Simple]) -> None:
    assert list(parse(canonical(commands))) == commands


@given(st.text("ab \t\n'\"\\;|&<>012=-.{}[]!~#%+é", max_size=40))
def test_the_spelling_of_a_spelling_is_itself(text: str) -> None:
    try:
        commands = parse(text)
    except NotLiteral:
        return
    assert canonical(parse(canonical(commands))) == canonical(commands)
    assert parse(canonical(commands)) == commands
