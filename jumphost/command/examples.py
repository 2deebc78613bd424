"""The examples of a profile, tried: what they allow matches and shows what they say, what they refuse does not."""

from collections.abc import Callable, Iterator

from jumphost.command.profile import Example, Profile
from jumphost.model.request import Command, Invocation

Read = Callable[[str], Command]
"""The facts of a command line under the profiles that are tried."""


def failures(profile: Profile, read: Read) -> Iterator[str]:
    """What is otherwise than the examples of a profile say: ``got …, expected …``."""
    for example in profile.allow:
        command = read(example.run)
        calls = [one for one in command.commands if one.profile.name == profile.program]
        if not calls:
            yield f"allow: {example.run}: got no call of {profile.program} in a command read as {command.tier}"
        elif not all(one.profile.matched for one in calls):
            yield f"allow: {example.run}: got no match, expected one"
        else:
            yield from _differences(example, command, calls)
    for run in profile.refuse:
        command = read(run)
        if any(one.profile.matched for one in command.commands if one.profile.name == profile.program):
            yield f"refuse: {run}: got a match, expected none"


def _differences(example: Example, command: Command, calls: list[Invocation]) -> Iterator[str]:
    found = {
        "effects": sorted({effect for one in calls for effect in one.profile.effects}),
        "reads": sorted(command.files.read),
        "writes": sorted(command.files.write),
        "deletes": sorted(command.files.delete),
        "hosts": sorted({host for one in calls for host in one.profile.hosts}),
    }
    for name, got in found.items():
        expected = getattr(example, name)
        if expected is not None and got != sorted(expected):
            yield f"allow: {example.run}: {name}: got {got}, expected {sorted(expected)}"
