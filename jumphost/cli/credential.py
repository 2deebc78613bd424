"""``jumphost credential``: where credentials of single commands come from, what they could do too much; their keys."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from jumphost import log, registry
from jumphost.cli.common import JsonOption, SiteOption, emit, escaped, noun, open_site, out, table, to_json, usage
from jumphost.clock import SystemClock, rfc3339
from jumphost.config.credentials import Credential, Jwt, Server, Stored, server
from jumphost.credential.base import Checked, Finding, Provider
from jumphost.credential.trial import trial
from jumphost.errors import Unavailable
from jumphost.gateway.control import call
from jumphost.secret import Secret

app = noun("Credentials of single commands: what there is, and what it could do too much.")


@app.command("list")
def list_(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show the entries of `credentials:`, and the leases that are live where a gateway runs."""
    place = open_site(site)
    entries = registry.config(place).settings.credentials
    try:
        live: list[dict[str, Any]] | None = call(place.control_socket, "credential.list")
    except Unavailable:
        live = None
    shown = [_entry(name, entry, live) for name, entry in sorted(entries.items())]

    def text() -> None:
        rows = [
            (
                one["name"],
                one["kind"],
                one["server"],
                one["template"],
                ", ".join(one["delivery"]),
                "" if one["leases"] is None else str(len(one["leases"])),
            )
            for one in shown
        ]
        table(("name", "kind", "server", "template", "delivery", "live"), rows)
        if live is None:
            out.print("no gateway answers: what is live is not known")

    emit(shown, as_json=as_json, text=text)


@app.command()
def check(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An entry of `credentials:`.")],
    writes: Annotated[bool, typer.Option("--writes", help="Its template is meant to write.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what leases of an entry could do beyond what they are for, with the SQL that mends it; make and end one."""
    log.configure("error", "console")
    place = open_site(site)
    settings = registry.config(place).settings
    _known(settings.credentials, name)
    found = asyncio.run(_check(registry.provider(place, settings, name), writes=writes))

    def text() -> None:
        for one in found:
            print(escaped(f"-- {one.code}: {one.message}"))
            if one.fix:
                print(escaped(one.fix))
        if not found:
            out.print(f"{name}: nothing found")

    emit([msgspec.to_builtins(one) for one in found], as_json=as_json, text=text)
    raise typer.Exit(1 if found else 0)


@app.command()
def put(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An entry of `credentials:` of kind stored.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store the secret that comes on standard input, byte by byte as it comes; the next command gets it."""
    from jumphost.credential import stored

    place = open_site(site)
    source = _known(registry.config(place).settings.credentials, name)
    if not isinstance(source, Stored):
        usage(f"got the credential {name!r} of kind {source.__struct_config__.tag}, expected one of kind stored")
    if sys.stdin.isatty():
        usage("got a terminal as standard input, which would show the secret: expected a pipe or a file")
    secret, identity = place.resolve(source.secret), place.resolve(source.identity)
    try:
        stored.put(secret, identity, Secret(sys.stdin.buffer.read()))
    except ValueError as error:
        usage(f"{error}")
    except OSError as error:
        usage(f"{secret} with {identity} cannot be written: {error.strerror}")
    emit({"name": name, "secret": str(secret)}, as_json=as_json, text=lambda: out.print(f"{name}: stored in {secret}"))


@app.command()
def key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An entry of `credentials:` of kind jwt.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the key that signs the tokens of an entry; never over one that is there."""
    from jumphost.credential.jwt import make_key

    path = _signing_key(name, site)
    try:
        make_key(path)
    except OSError as error:
        usage(f"{path} cannot be made: {error.strerror}")
    emit({"name": name, "key": str(path)}, as_json=as_json, text=lambda: out.print(f"{name}: made {path}"))


@app.command("jwks")
def jwks_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An entry of `credentials:` of kind jwt.")],
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the public key of an entry as a JWKS, for those who verify its tokens."""
    from jumphost.credential.jwt import jwks

    found = dict(jwks(_signing_key(name, site)))
    emit(found, as_json=as_json, text=lambda: print(to_json(found)))


def _signing_key(name: str, site: Path | None) -> Path:
    place = open_site(site)
    source = _known(registry.config(place).settings.credentials, name)
    if not isinstance(source, Jwt):
        usage(f"got the credential {name!r} of kind {source.__struct_config__.tag}, expected one of kind jwt")
    return place.resolve(source.key)


def _known(entries: Mapping[str, Credential], name: str) -> Credential:
    if name not in entries:
        known = ", ".join(sorted(entries)) or "none is there"
        usage(f"got the credential {name!r}, expected one of `credentials:`: {known}")
    return entries[name]


async def _check(provider: Provider, *, writes: bool) -> list[Finding]:
    try:
        found = await provider.check(writes=writes) if isinstance(provider, Checked) else []
        return found + await trial(provider, SystemClock())
    finally:
        await provider.close()


def _entry(name: str, entry: Credential, live: list[dict[str, Any]] | None) -> dict[str, Any]:
    return {
        "name": name,
        "kind": entry.__struct_config__.tag,
        "server": server(entry),
        "template": entry.template if isinstance(entry, Server) else "",
        "delivery": list(entry.delivery),
        "max_ttl": entry.max_ttl,
        "leases": None if live is None else [_lease(kept) for kept in live if kept["lease"]["name"] == name],
    }


def _lease(kept: dict[str, Any]) -> dict[str, Any]:
    lease = kept["lease"]
    return {
        "lease": lease["id"],
        "subject": lease["subject"],
        "identity": lease["identity"],
        "session": lease["request"],
        "target": kept["target"],
        "issued": rfc3339(kept["issued_ns"]),
        "expires": rfc3339(lease["expires_ns"]),
    }
