"""What profiles add to the facts of a command: the last reader, after wrappers, SQL and HTTP."""

from collections.abc import Sequence
from itertools import chain
from typing import Final

from msgspec.structs import replace

from jumphost.command.profiled.checks import plain_path
from jumphost.command.profiled.grammar import Grammars
from jumphost.command.profiled.match import Matched, match
from jumphost.model.request import Command, Facts, Files, Invocation, Redirect

_WRITES: Final = frozenset(
    {
        *("cloud_write", "cluster_write", "db_write", "fs_write", "net_write", "package_write", "proc_state"),
        *("service_state", "system_write"),
    }
)
_NETWORK: Final = frozenset({"cloud_read", "cloud_write", "net_read", "net_write"})


def profiled(command: Command, grammars: Grammars) -> Command:
    """The command with what the profiles say of each call, and of its files and facts as a whole.

    ``files.unknown`` is false only if every call matched, or is a wrapper whose child is listed and that does
    nothing itself (one that has a profile does, but for a builtin), and every path is absolute and in normal form.
    """
    if not command.commands:
        return command
    found = [match(one, grammars, command.sql, command.http) for one in command.commands]
    return replace(
        command,
        commands=tuple([replace(one, profile=of.profile) for one, of in zip(command.commands, found, strict=True)]),
        files=_files(command, found),
        facts=_facts(command.facts, command.commands, found),
    )


def _files(command: Command, found: Sequence[Matched]) -> Files:
    known = command.files
    return Files(
        read=_joined(known.read, [one.reads for one in found if one.reads]),
        write=_joined(known.write, [one.writes for one in found if one.writes]),
        delete=_joined(known.delete, [one.deletes for one in found if one.deletes]),
        unknown=not (
            command.tier != "unparsed"
            and not command.opaque
            and _all_listed(command.commands, found)
            and all(_is_known(redirect) for one in command.commands for redirect in one.redirects)
        ),
    )


def _joined(known: tuple[str, ...], more: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*known, *chain.from_iterable(more)])) if more else known


def _all_listed(commands: Sequence[Invocation], found: Sequence[Matched]) -> bool:
    unsaid = [one for one, matched in zip(commands, found, strict=True) if not matched.known]
    if not unsaid:
        return True
    parents = {one.parent for one in commands}
    doing_more = {
        one.id for one, matched in zip(commands, found, strict=True) if matched.profile.name and not one.builtin
    }
    return all(one.wrapper and one.id in parents and one.id not in doing_more for one in unsaid)


def _is_known(redirect: Redirect) -> bool:
    return redirect.k == "literal" and (not redirect.path or bool(plain_path(redirect.path)))


def _facts(known: Facts, commands: Sequence[Invocation], found: Sequence[Matched]) -> Facts:
    profiles = [one.profile for one in found]
    effects = {effect for profile in profiles for effect in profile.effects}
    unknown = {
        one.program for one, profile in zip(commands, profiles, strict=True) if not (profile.name or one.wrapper)
    }
    return replace(
        known,
        writes=known.writes or not _WRITES.isdisjoint(effects),
        deletes=known.deletes or "fs_delete" in effects,
        network=known.network or not _NETWORK.isdisjoint(effects) or any(profile.hosts for profile in profiles),
        unknown_programs=tuple(sorted(unknown - {""})) if unknown else (),
    )
