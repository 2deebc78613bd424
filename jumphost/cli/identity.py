"""``jumphost identity``: machine identities, who may log in."""

from typing import Annotated, Any

import msgspec
import typer

from jumphost.audit.questions import Questions
from jumphost.cli.common import JsonOption, SiteOption, emit, escaped, noun, open_site, table, usage
from jumphost.cli.reload import sentence, tell_gateway
from jumphost.config.bind import seconds
from jumphost.config.edit import append_entry, set_scalar
from jumphost.config.load import load_identities, trial
from jumphost.config.site import Site
from jumphost.identity.enrolment import MAX_TTL_S
from jumphost.model.identity import IdentityEntry

app = noun("Machine identities: who may log in.")

Name = Annotated[str, typer.Argument(metavar="NAME")]


@app.command()
def add(
    name: Name,
    owner: Annotated[str, typer.Option(metavar="O", help="The team that answers for it; may not approve its holds.")],
    group: Annotated[list[str] | None, typer.Option(metavar="G", help="What policies ask for; more than once.")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="S", help="OPERATION:TARGET[:LOGIN], shell globs; more than once. None: policy alone limits."
        ),
    ] = None,
    callers: Annotated[str, typer.Option(help="The CA of jumphost.yaml that may name it.")] = "main",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a machine to identities.yaml; a running gateway knows it at once."""
    place = open_site(site)
    entry: dict[str, Any] = {"owner": owner, "groups": group or []}
    if callers != "main":
        entry["callers"] = callers
    if scope is not None:
        entry["scope"] = scope
    append_entry(place.identities, name, entry, check=trial(place, place.identities))
    _done(place, name, f"added {name} to {place.identities}", as_json, **entry)


@app.command("list")
def show(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the machines of identities.yaml, and which of them are locked since a certificate was stolen."""
    place = open_site(site)
    entries = load_identities(place.identities)
    locks = _locks(place)
    rows = [
        (
            name,
            one.owner,
            ", ".join(one.groups),
            "by policy alone" if one.scope is None else "\n".join(one.scope) or "nothing",
            "locked" if name in locks else "yes" if one.enabled else "no",
        )
        for name, one in entries.items()
    ]

    def text() -> None:
        table(("identity", "owner", "groups", "scope", "enabled"), rows)
        for name, lock in locks.items():
            print(escaped(f"{name} is locked since {lock['at']}: {lock['reason']}"))
            for which in ("newest", "old"):
                use = lock[which]
                print(
                    escaped(f"  {which} certificate, serial {use['serial']}: {use['how']} {use['at']} {use['address']}")
                )

    emit(
        [{"name": name, **_fields(one), "locked": locks.get(name)} for name, one in entries.items()],
        as_json=as_json,
        text=text,
    )


def _locks(place: Site) -> dict[str, dict[str, Any]]:
    return Questions(place.journal_db).locks() if place.journal_db.exists() else {}


@app.command()
def enroll(
    name: Name,
    ttl: Annotated[str, typer.Option(metavar="TIME", help="How long the token is good; 7d at most.")] = "1h",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a token that buys this machine its first certificate, once; it is shown only now."""
    life = seconds(ttl)
    if not isinstance(life, int) or not 1 <= life <= MAX_TTL_S:
        usage(f"got --ttl {ttl}, expected a time of 7d at most, such as 30m, 1h or 2d")
    from jumphost.gateway import control

    opened = control.call(open_site(site).control_socket, "identity.enroll", {"identity": name, "ttl_s": life})
    emit({"name": name, **opened}, as_json=as_json, text=lambda: print(opened["token"]))


@app.command()
def disable(name: Name, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Refuse this machine from now on; a running gateway ends its sessions too."""
    _enable(open_site(site), name, as_json, enabled=False)


@app.command()
def enable(name: Name, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Let this machine log in again, also where a stolen certificate had locked it: look at `identity list` before."""
    place = open_site(site)
    if name in _locks(place):
        from jumphost.gateway import control

        control.call(place.control_socket, "identity.unlock", {"identity": name})
    _enable(place, name, as_json, enabled=True)


def _enable(site: Site, name: str, as_json: bool, *, enabled: bool) -> None:
    """Looks at identities.yaml alone: a fault elsewhere in the site must not keep a machine in."""
    word = "enabled" if enabled else "disabled"
    changed = set_scalar(
        site.identities,
        name,
        "enabled",
        value=enabled,
        check=lambda data: load_identities(site.identities, read=lambda _: data),
    )
    text = f"{word} {name}" if changed else f"{name} was {word} already"
    _done(site, name, text, as_json, enabled=enabled, changed=changed)


def _fields(entry: IdentityEntry) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(entry)
    return fields


def _done(site: Site, name: str, done: str, as_json: bool, **fields: Any) -> None:
    running = tell_gateway(site, done)
    emit({"name": name, **fields, "gateway": running}, as_json=as_json, text=lambda: print(sentence(done, running)))
