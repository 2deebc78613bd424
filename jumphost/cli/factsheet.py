"""The facts of a request as rows for people."""

from jumphost.model.request import Command, Invocation, Request, Sql, Statement, Stdin

_SHARED = ", one login for all commands of a connection"


def facts(request: Request, digest: str, mode: str) -> list[list[str]]:
    """Rows of a name and a text, those that say nothing left out; ``mode`` is the target's."""
    rows = [
        ["who", f"{request.identity.name} ({', '.join(request.identity.groups) or 'no groups'})"],
        ["where", f"{request.target.login}@{request.target.name}{_SHARED if mode == 'connection' else ''}"],
        ["when", request.now.rfc3339],
        ["command", request.command.raw],
        *_command(request.command),
        *_stdin(request.stdin),
        ["digest", digest],
    ]
    return [row for row in rows if row[1]]


def _stdin(stdin: Stdin) -> list[list[str]]:
    if not stdin.sha256:
        return []
    facts = _command(stdin.command) if stdin.command.sha256 else []
    about = f"{stdin.kind}, {stdin.bytes} bytes, sha256 {stdin.sha256}"
    return [["stdin", about], *([f"stdin {name}", text] for name, text in facts if text)]


def _command(command: Command) -> list[list[str]]:
    files, found = command.files, command.facts
    return [
        ["read as", f"{command.tier}: {command.canonical}" if command.canonical else command.tier],
        *(["program", _program(one)] for one in command.commands),
        ["not certain", ", ".join((*command.opaque, *command.dynamic))],
        *(["sql", _sql(one)] for one in command.sql),
        *(["http", f"{one.method} {one.url}, body {one.body}, to {one.output}"] for one in command.http),
        *(
            [one.tool, " ".join((*one.verb, *([f"in {one.namespace}"] if one.namespace else [])))]
            for one in command.cloud
        ),
        ["reads", ", ".join(files.read)],
        ["writes", ", ".join(files.write)],
        ["deletes", ", ".join(files.delete)],
        ["environment", ", ".join(found.env_danger)],
        ["as another", ", ".join((*found.privilege, *found.lateral))],
        ["secrets", ", ".join((*found.secret_argv, *found.secret_paths))],
    ]


def _program(one: Invocation) -> str:
    profile = one.profile
    if profile.matched:
        known = ", ".join(profile.effects) or "no effect"
        known += "" if profile.verified else "; profile not verified"
    elif profile.name:
        known = f"its profile does not know {', '.join(profile.unknown_flags) or 'all of it'}"
    else:
        known = "wrapper" if one.wrapper else "no profile"
    return f"{' '.join((one.program, *profile.verb))}: {known}"


def _sql(one: Sql) -> str:
    if one.opaque or not one.parse_ok:
        return f"not certain: {', '.join(one.opaque)}"
    return "; ".join(map(_statement, one.statements))


def _statement(one: Statement) -> str:
    tables = (".".join(part for part in (table.db, table.schema, table.name) if part) for table in one.tables)
    return f"{one.kind} {', '.join(tables)}".strip()
