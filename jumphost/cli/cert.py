"""``jumphost cert``: certificates that callers log in with."""

import asyncio
import hashlib
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jumphost.cli.common import JsonOption, SiteOption, emit, noun, open_site, out, printable, usage
from jumphost.clock import NS_PER_S, rfc3339
from jumphost.config.bind import seconds
from jumphost.config.edit import replace
from jumphost.config.files import read_public, read_publics
from jumphost.config.site import Site
from jumphost.errors import Unavailable
from jumphost.identity import krl as krl_file
from jumphost.identity.revocation import Revocation, of_ca
from jumphost.signer.client import ephemeral
from jumphost.signer.protocol import IssueCaller, Issued

app = noun("Certificates of callers: issue and revoke.")

_PART = 500  # entries of a list that go in one call: a key id has up to 1024 bytes
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


@app.command()
def issue(
    key: Annotated[Path, typer.Argument(metavar="KEY.pub", help="The public key; KEY-cert.pub is written beside it.")],
    identity: Annotated[str, typer.Option(metavar="NAME", help="Whom it lets in, of identities.yaml.")],
    ttl: Annotated[str, typer.Option(metavar="TIME", help="How long it lives: 90s, 10m, 2h.")] = "10m",
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="S", help="OPERATION:TARGET[:LOGIN]; narrows what the identity may. More than once."),
    ] = None,
    source_address: Annotated[
        list[str] | None, typer.Option(metavar="CIDR", help="Where it may be used from. More than once.")
    ] = None,
    force_command: Annotated[str, typer.Option(metavar="C", help="The one command it is good for.")] = "",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Issue a short-lived certificate, written where ssh looks for it."""
    place = open_site(site)
    if key.suffix != ".pub":
        usage(f"got {key}, expected a public key: KEY.pub")
    life = seconds(ttl)
    if not isinstance(life, int):
        usage(f"got --ttl {ttl}, expected a time such as 90s, 10m or 2h")
    try:
        public = read_public(key)
    except ValueError as error:
        usage(str(error))
    asked = IssueCaller(
        identity=identity,
        public_key=public.line,
        ttl_s=life,
        scope=None if scope is None else tuple(scope),
        source_address=tuple(source_address or ()),
        force_command=force_command,
    )
    issued = asyncio.run(_ask(place, asked))
    path = key.with_name(f"{key.stem}-cert.pub")
    try:
        replace(path, f"{issued.certificate} {identity}\n".encode())
    except OSError as error:
        usage(f"cannot write {path}: {error.strerror}")
    ends = rfc3339(issued.valid_before * NS_PER_S)
    _journal(place, {"identity": identity, "serial": issued.serial, "key": public.fingerprint, "valid_before": ends})
    emit(
        {"certificate": str(path), "identity": identity, "serial": issued.serial, "expires": ends},
        as_json=as_json,
        text=lambda: out.print(printable(f"{path}: {identity}, serial {issued.serial}, until {ends}")),
    )


@app.command()
def revoke(
    serial: Annotated[int | None, typer.Option(metavar="N", help="One certificate; of our own CA, or of --ca.")] = None,
    key_id: Annotated[str, typer.Option(metavar="K", help="All certificates with this key id.")] = "",
    identity: Annotated[str, typer.Option(metavar="NAME", help="All certificates of this identity.")] = "",
    ca: Annotated[str, typer.Option(metavar="FINGERPRINT", help="All certificates of this CA: SHA256:…")] = "",
    krl: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Everything in a revocation list of ssh-keygen -k.")
    ] = None,
    reason: Annotated[str, typer.Option(metavar="R", help="Why; the trail gets to see it.")] = "",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke certificates; live sessions that they opened end within a second."""
    place = open_site(site)
    if (serial is not None) + bool(key_id) + bool(identity) + bool(krl) + bool(ca and serial is None) != 1:
        usage("expected one of --serial, --key-id, --identity, --krl and --ca (--serial may have --ca)")
    if krl is not None:
        _revoke_list(place, krl, as_json)
        return
    if ca and not _FINGERPRINT.fullmatch(ca):
        usage(f"got --ca {ca}, expected a fingerprint as ssh-keygen -l prints it: SHA256:…")
    entry = _entry(place, serial, key_id, identity, ca, reason)
    from jumphost.gateway import control

    told = control.call(place.control_socket, "cert.revoke", msgspec.to_builtins(entry))
    done = f"revoked {entry.kind} {entry.value}: {told['ended']} live connections ended"
    emit({**msgspec.to_builtins(entry), **told}, as_json=as_json, text=lambda: out.print(printable(done)))


def _journal(place: Site, made: dict[str, str]) -> None:
    """Where a gateway runs, its journal has the certificate too; the signer's log has it in any case."""
    from jumphost.gateway import control

    with suppress(Unavailable):
        control.call(place.control_socket, "cert.issued", made)


def _revoke_list(place: Site, path: Path, as_json: bool) -> None:
    """In parts, since a call is bounded; each part counts by itself, and sending all of them again changes nothing."""
    try:
        data = path.read_bytes()
    except OSError as error:
        usage(f"{path} cannot be read: {error.strerror}")
    found = krl_file.parse(data)
    from jumphost.gateway import control

    digest, ended = hashlib.sha256(data).hexdigest(), 0
    for start in range(0, len(found.entries), _PART):
        part = msgspec.to_builtins(found.entries[start : start + _PART])
        told = control.call(place.control_socket, "cert.revoke_list", {"sha256": digest, "entries": part})
        ended += told["ended"]
    done = f"revoked {len(found.entries)} entries of {path}, version {found.version}: {ended} live connections ended"
    emit(
        {"krl": str(path), "sha256": digest, "version": found.version, "entries": len(found.entries), "ended": ended},
        as_json=as_json,
        text=lambda: out.print(printable(done)),
    )


def _entry(place: Site, serial: int | None, key_id: str, identity: str, ca: str, reason: str) -> Revocation:
    if serial is not None:
        return Revocation("serial", of_ca(ca or _own_ca(place), str(serial)), reason)
    if key_id:
        return Revocation("key_id", key_id, reason)
    if identity:
        return Revocation("identity", identity, reason)
    return Revocation("ca", ca, reason)


def _own_ca(place: Site) -> str:
    try:
        found = read_publics(place.keys / "caller_ca.pub")
    except ValueError as error:
        usage(f"{error}; name the CA that gave out the serial with --ca FINGERPRINT")
    if len(found) > 1:
        usage("got two caller CAs, of which one is going; name the one that gave out the serial with --ca FINGERPRINT")
    return found[0].fingerprint


async def _ask(place: Site, asked: IssueCaller) -> Issued:
    async with ephemeral(place) as signer:
        return await signer.ask(asked)
