"""Profiles written in tests, and calls of programs that have them."""

from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.profile import Profile
from jumphost.errors import Problem
from jumphost.model.request import Invocation, Word
from jumphost.policy import profiles

EXAMPLES = "  allow: [x]\n  refuse: [x]\n"


def read(text: str) -> tuple[dict[str, Profile], list[Problem]]:
    """The profiles of a YAML text, and what is wrong with it."""
    problems: list[Problem] = []
    return profiles.read(text.encode(), "test.yaml", problems), problems


def of(body: str, program: str = "x") -> Grammars:
    """The grammar of one program, whose profile holds ``body`` (YAML, not indented) beside what each must."""
    indented = "".join(f"  {line}\n" for line in body.strip("\n").splitlines())
    found, problems = read(f"{program}:\n  summary: for a test\n{EXAMPLES}{indented}")
    if problems:
        raise ValueError("\n".join(map(str, problems)))
    return Grammars(found)


def call(*words: str, program: str = "x") -> Invocation:
    """A call with these literal words."""
    return Invocation(id=0, program=program, argv=tuple(Word(v=word) for word in (program, *words)))
