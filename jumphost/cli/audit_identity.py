"""``jumphost audit identity``: one machine, what it may do and what it has done with which certificates."""

from typing import Annotated, Any

import msgspec
import typer

from jumphost.audit.identity import Known, Traces
from jumphost.audit.questions import Questions
from jumphost.cli.common import JsonOption, SiteOption, emit, escaped, open_site, table, usage
from jumphost.config.load import SiteConfig, load_site
from jumphost.identity import scope

SHOWN = 20


def identity(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    limit: Annotated[int, typer.Option(min=1, help="How many of the newest certificates.")] = SHOWN,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what an identity may do, which certificates it had, who gave them, and where they were used."""
    place = open_site(site)
    config = load_site(place)
    questions = Questions(place.journal_db)
    found, lock = questions.identity(name), questions.locks().get(name)
    if name not in config.identities and not found.certificates:
        usage(f"got {name!r}, expected an identity of {place.identities} or of the journal")
    answer = {
        "name": name,
        "registered": name in config.identities,
        **_may(name, config),
        "locked": lock,
        "last_use": found.last_use,
        "issuers": found.issuers,
        "sources": found.sources,
        "certificates": [msgspec.to_builtins(one) for one in found.certificates[-limit:]],
        "certificates_known": len(found.certificates),
    }
    emit(answer, as_json=as_json, text=lambda: _show(answer, found, limit))


def _may(name: str, config: SiteConfig) -> dict[str, Any]:
    """What the files say of it now; nothing if they do not know it any more."""
    entry = config.identities.get(name)
    if entry is None:
        return {"enabled": False, "owner": "", "groups": [], "scope": None, "targets": []}
    scopes = [] if entry.scope is None else [entry.scope]
    targets = [target for target in config.targets if scope.sees(scopes, target)]
    return {
        "enabled": entry.enabled,
        "owner": entry.owner,
        "groups": list(entry.groups),
        "scope": None if entry.scope is None else list(entry.scope),
        "targets": targets,
    }


def _show(answer: dict[str, Any], found: Traces, limit: int) -> None:
    state = "unknown to identities.yaml"
    if answer["registered"]:
        state = "locked" if answer["locked"] else "enabled" if answer["enabled"] else "disabled"
    lines = {
        "state": state,
        "owner": answer["owner"],
        "groups": ", ".join(answer["groups"]),
        "scope": "by policy alone" if answer["scope"] is None else ", ".join(answer["scope"]) or "nothing",
        "targets": ", ".join(answer["targets"]) or "none",
        "last use": found.last_use or "never",
        "issuers": ", ".join(found.issuers),
        "sources": ", ".join(f"{address} ({at})" for address, at in found.sources.items()),
    }
    print(escaped(answer["name"]))
    for label, text in lines.items():
        print(escaped(f"  {label.ljust(8)}  {text}"))
    if found.certificates:
        print()
        table(_COLUMNS, [_row(one) for one in found.certificates[-limit:]])
    if (more := len(found.certificates) - limit) > 0:
        print(f"{more} older ones: add --limit")


_COLUMNS = ("serial", "given by", "issued", "generation", "ends", "logins", "last use", "sources")


def _row(one: Known) -> tuple[str, ...]:
    return (
        one.serial,
        one.how or "not seen",
        one.issued,
        str(one.generation),
        one.valid_before,
        str(one.logins),
        one.last_use,
        ", ".join(one.sources),
    )
