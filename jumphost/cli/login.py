"""``jumphost login``: a token of another issuer buys a certificate."""

import asyncio
import os
import sys
from getpass import getpass
from pathlib import Path
from typing import Annotated

import typer

from jumphost.cli import purchase
from jumphost.cli.common import JsonOption, emit, out, printable, usage
from jumphost.config.bind import seconds
from jumphost.config.issuers import web_address
from jumphost.secret import Secret

app = typer.Typer(help="Buy a certificate with a token.", rich_markup_mode=None, pretty_exceptions_enable=False)

GITHUB_URL, GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


@app.command()
def login(
    exchange: Annotated[str, typer.Option(metavar="URL", envvar="JUMPHOST_EXCHANGE", help="Where tokens are taken.")],
    token_file: Annotated[str, typer.Option(metavar="FILE", help="A file with the token; - is standard input.")] = "",
    token_env: Annotated[str, typer.Option(metavar="NAME", help="The environment variable that has it.")] = "",
    github: Annotated[
        bool, typer.Option("--github", help="Ask GitHub Actions for it: a job with id-token: write.")
    ] = False,
    enroll: Annotated[
        bool, typer.Option("--enroll", help="Ask for the token of `identity enroll`, or take it on stdin.")
    ] = False,
    audience: Annotated[str, typer.Option(metavar="A", help="With --github: whom the token is for.")] = "jumphost",
    identity_file: Annotated[
        Path, typer.Option(metavar="KEY", help="The private key, made if there is none; KEY-cert.pub is written.")
    ] = Path("~/.ssh/jumphost"),
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="S", help="OPERATION:TARGET[:LOGIN]; narrows what the certificate is good for. More than once."
        ),
    ] = None,
    ttl: Annotated[str, typer.Option(metavar="TIME", help="How long it lives: 90s, 10m. Default: what is usual.")] = "",
    ca: Annotated[Path | None, typer.Option(metavar="FILE", help="PEM certificates to trust for the exchange.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Buy a short-lived certificate with a token of GitHub, GitLab, Kubernetes, SPIFFE, SAML or another issuer."""
    life = seconds(ttl) if ttl else None
    if life is not None and not isinstance(life, int):
        usage(f"got --ttl {ttl}, expected a time such as 90s or 10m")
    path = identity_file.expanduser()
    try:
        web_address(exchange)
        key = purchase.open_key(path)
    except ValueError as error:
        usage(str(error))
    except OSError as error:
        usage(f"{path}: {error.strerror}")
    token = _token(token_file, token_env, github, enroll, audience)
    bought = asyncio.run(purchase.buy(exchange, token, key, scope=scope, ttl_s=life, ca=ca))
    try:
        certificate, known = purchase.keep(path, bought)
    except OSError as error:
        usage(f"cannot write beside {path}: {error.strerror}")
    emit(
        {
            "certificate": str(certificate),
            "identity": bought.identity,
            "expires": bought.expires,
            "known_hosts": str(known or ""),
        },
        as_json=as_json,
        text=lambda: out.print(printable(f"{certificate}: {bought.identity}, until {bought.expires}")),
    )


def _token(file: str, variable: str, github: bool, enroll: bool, audience: str) -> Secret:
    if bool(file) + bool(variable) + github + enroll != 1:
        usage("expected one of --token-file, --token-env, --github and --enroll")
    if enroll:
        if sys.stdin.isatty():
            return Secret(getpass("enrolment token: ").strip().encode())
        file = "-"
    if github:
        url, request_token = os.environ.get(GITHUB_URL), os.environ.get(GITHUB_TOKEN)
        if not url or not request_token:
            usage(f"got no {GITHUB_URL} and {GITHUB_TOKEN}, expected a job with permissions: id-token: write")
        return asyncio.run(purchase.github_token(url, Secret(request_token.encode()), audience))
    if variable:
        found = os.environ.get(variable, "").strip()
        if not found:
            usage(f"got nothing in the environment variable {variable}, expected a token")
        return Secret(found.encode())
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        usage(f"{file}: {error.strerror}")
    if not text.strip():
        usage(f"got nothing in {file}, expected a token")
    return Secret(text.strip())
