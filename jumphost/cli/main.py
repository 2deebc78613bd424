"""The ``jumphost`` command: each noun is a file of its own, imported only when it is asked for."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from jumphost.cli.common import report
from jumphost.errors import JumphostError

NOUNS: dict[str, str] = {
    "init": "Write a new site, ready to serve.",
    "serve": "Run the gateway of a site.",
    "demo": "Run the main job from nothing on this machine, and leave nothing behind.",
    "explain": "Judge a command without running it: facts, decision, rules.",
    "config": "Check the files of a site.",
    "doctor": "Look for whatever keeps a gateway from working, and say what to do.",
    "identity": "Machine identities: who may log in.",
    "target": "Targets: where commands run.",
    "approver": "Approvers: the people who answer holds.",
    "cert": "Certificates of callers: issue and revoke.",
    "credential": "Credentials of single commands: what there is, and what it could do too much.",
    "login": "Buy a certificate with a token of another issuer.",
    "ca": "The CAs of a site: list, rotate, switch, retire.",
    "agent": "Keep the certificate of a machine fresh.",
    "ssh-config": "Print what ~/.ssh/config says of a gateway.",
    "policy": "The policy bundle: check, test, evaluate.",
    "profile": "Argv profiles: what is known of the programs that commands call.",
    "approval": "Held commands: list, show, approve, reject, withdraw.",
    "session": "Sessions: list, show, play, export.",
    "audit": "Questions to the trail.",
    "mask": "Masking of output: try a plan.",
}


class Nouns(TyperGroup):
    """Loads ``jumphost.cli.NOUN`` when NOUN is named, so that one command does not pay for the others' imports."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(NOUNS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in NOUNS:
            return None
        command = get_command(import_module(f"jumphost.cli.{cmd_name.replace('-', '_')}").app)
        command.name, command.short_help = cmd_name, NOUNS[cmd_name]
        return command


app = typer.Typer(
    cls=Nouns,
    help="An SSH gateway for machine identities: every command is judged by Rego.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def _root() -> None:
    """Holds the nouns."""


def main() -> None:
    """Runs the command line; an expected error is one line and a status, never a traceback."""
    try:
        app()
    except JumphostError as error:
        sys.exit(report(error))
    except BrokenPipeError:
        sys.exit(0)
