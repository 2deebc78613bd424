"""The examples of a profile, tried: what they allow matches and shows what they say, what they refuse does not."""

from collections.abc import Iterator, Sequence

from jumphost.command.facts import analyse
from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.match import match
from jumphost.command.profiled.profile import Example, Profile
from jumphost.model.request import Command, Invocation


def failures(profile: Profile, grammars: Grammars) -> Iterator[str]:
    """What the grammars say otherwise than the examples of a profile: ``got …, expected …``."""
    for example in profile.allow:
        command, calls = _read(example.run, profile.program, grammars)
        unmatched = [one for one in calls if not one.profile.matched]
        if not calls:
            yield f"allow: {example.run}: got no call of {profile.program} in what is read as {command.tier}"
        elif unmatched:
            why = match(unmatched[0], grammars, command.sql, command.http).why
            yield f"allow: {example.run}: got no match ({why}), expected one"
        else:
            yield from _differences(example, command, calls)
    for run in profile.refuse:
        _, calls = _read(run, profile.program, grammars)
        if any(one.profile.matched for one in calls):
            yield f"refuse: {run}: got a match, expected none"


def _read(run: str, program: str, grammars: Grammars) -> tuple[Command, list[Invocation]]:
    command = analyse(run.encode(), profiles=grammars)
    return command, [one for one in command.commands if one.profile.name == program]


def _differences(example: Example, command: Command, calls: Sequence[Invocation]) -> Iterator[str]:
    found = {
        "effects": {effect for one in calls for effect in one.profile.effects},
        "reads": command.files.read,
        "writes": command.files.write,
        "deletes": command.files.delete,
        "hosts": {host for one in calls for host in one.profile.hosts},
    }
    for name, got in found.items():
        expected = getattr(example, name)
        if expected is not None and sorted(got) != sorted(expected):
            yield f"allow: {example.run}: {name}: got {sorted(got)}, expected {sorted(expected)}"
