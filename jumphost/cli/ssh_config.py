"""``jumphost ssh-config``: what a machine's ``~/.ssh/config`` says of a gateway."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from jumphost.cli import renewing
from jumphost.cli.common import JsonOption, emit, usage

app = typer.Typer(help="Print the stanza for ssh.", rich_markup_mode=None, pretty_exceptions_enable=False)

_NAME = re.compile(r"[A-Za-z0-9._-]+")


@app.command()
def ssh_config(
    gateway: Annotated[str, typer.Option(metavar="HOST:PORT", help="The gateway.")],
    target: Annotated[
        list[str] | None, typer.Option(metavar="TARGET[+LOGIN]", help="Have `ssh TARGET` go there. More than once.")
    ] = None,
    identity_file: Annotated[Path, typer.Option(metavar="KEY", help="The private key.")] = Path("~/.ssh/jumphost"),
    known_hosts: Annotated[
        Path, typer.Option(metavar="FILE", help="Where the gateway's host key or host CA stands.")
    ] = Path("~/.ssh/known_hosts"),
    as_json: JsonOption = False,
) -> None:
    """Print a stanza for ~/.ssh/config: `ssh TARGET 'command'` goes through the gateway, with the kept certificate."""
    try:
        host, port = renewing.address(gateway)
        stanza = "\n".join(_stanza(host, port, target or [], str(identity_file), str(known_hosts))) + "\n"
    except ValueError as error:
        usage(str(error))
    emit({"stanza": stanza}, as_json=as_json, text=lambda: print(stanza, end=""))


def _stanza(host: str, port: int, targets: list[str], key: str, known: str) -> Iterator[str]:
    for one in targets:
        name, _, login = one.partition("+")
        if not (_NAME.fullmatch(name) and _NAME.fullmatch(login or "any")):
            raise ValueError(f"got --target {one!r}, expected TARGET or TARGET+LOGIN")
        yield f"Host {name}"
        yield f"    HostName {host}"
        yield f"    User {one}"
        yield ""
    # OpenSSH takes the first word that it finds for an option: what all share comes last.
    yield f"Host {' '.join([host, *(one.partition('+')[0] for one in targets)])}"
    yield f"    Port {port}"
    yield f"    IdentityFile {_quoted(key)}"
    yield f"    CertificateFile {_quoted(f'{key}-cert.pub')}"
    yield f"    UserKnownHostsFile {_quoted(known)}"
    yield "    IdentitiesOnly yes"
    yield "    StrictHostKeyChecking yes"
    yield "    BatchMode yes"
    yield "    ForwardAgent no"
    yield "    RequestTTY no"


def _quoted(path: str) -> str:
    if any(char in '"\\%$' or not char.isprintable() for char in path):
        raise ValueError(f"got the path {path!r}, expected one without quotes, backslashes, % and $")
    return f'"{path}"' if " " in path else path
