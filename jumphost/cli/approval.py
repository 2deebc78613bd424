"""``jumphost approval``: what waits for people, and their signed answers."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jumphost.approval.signing import signed
from jumphost.cli.common import JsonOption, SiteOption, emit, noun, open_site, out, printable, table
from jumphost.clock import SystemClock, rfc3339
from jumphost.gateway.control import call
from jumphost.model.approval import VerdictWord

app = noun("Held commands: list, show, approve, reject, withdraw.")

HoldId = Annotated[str, typer.Argument(metavar="ID", help="The hold's id, as the held caller was told it.")]
As = Annotated[str, typer.Option("--as", metavar="NAME", help="Your name in approvers.yaml.")]
Key = Annotated[
    Path, typer.Option("--key", help="Your private key, or the .pub file of one that your ssh-agent holds.")
]
Reason = Annotated[str, typer.Option("--reason", help="Why; the caller and the trail get to see it.")]


@app.command("list")
def list_(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """List the held commands, oldest first."""
    holds = call(open_site(site).control_socket, "approval.list")

    def show() -> None:
        rows = [
            (
                hold["id"],
                hold["state"],
                hold["identity"],
                f"{hold['target']}+{hold['login']}",
                hold["expires"],
                hold["command"],
            )
            for hold in holds
        ]
        if rows:
            table(("hold", "state", "identity", "target", "expires", "command"), rows)
        else:
            out.print("nothing is held")

    emit(holds, as_json=as_json, text=show)


@app.command()
def show(hold_id: HoldId, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show one held command, whole."""
    hold = _hold(site, hold_id)
    emit(hold, as_json=as_json, text=lambda: _describe(hold))


@app.command()
def approve(
    hold_id: HoldId, name: As, key: Key, reason: Reason = "", site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Approve a held command: it runs once, if its caller waits or comes back before the hold expires."""
    _answer(site, hold_id, "approve", name, key, reason, as_json)


@app.command()
def reject(
    hold_id: HoldId, name: As, key: Key, reason: Reason = "", site: SiteOption = None, as_json: JsonOption = False
) -> None:
    """Reject a held command: its caller is told, with the reason."""
    _answer(site, hold_id, "reject", name, key, reason, as_json)


@app.command()
def withdraw(hold_id: HoldId, reason: Reason = "", site: SiteOption = None, as_json: JsonOption = False) -> None:
    """End a hold without an answer."""
    hold = call(open_site(site).control_socket, "approval.withdraw", {"hold": hold_id, "reason": reason})
    emit(hold, as_json=as_json, text=lambda: out.print(f"hold {hold['id']} is {hold['state']}"))


def _hold(site: Path | None, hold_id: str) -> dict[str, Any]:
    found: dict[str, Any] = call(open_site(site).control_socket, "approval.show", {"hold": hold_id})
    return found


def _answer(
    site: Path | None, hold_id: str, verdict: VerdictWord, name: str, key: Path, reason: str, as_json: bool
) -> None:
    hold = _hold(site, hold_id)
    if not as_json:
        _describe(hold)
    given = signed(
        hold=hold_id,
        request_digest=hold["request_digest"],
        verdict=verdict,
        approver=name,
        reason=reason,
        at=rfc3339(SystemClock().now_ns()),
        not_after=hold["expires"],
        key=key,
    )
    after = call(open_site(site).control_socket, "approval.answer", {"approval": given})
    emit(after, as_json=as_json, text=lambda: out.print(f"hold {hold_id} is {after['state']}"))


def _describe(hold: dict[str, Any]) -> None:
    terms = "; ".join(f"{term['count']} of {', '.join(term['groups'])}" for term in hold["terms"])
    answers = ", ".join(f"{given['approver']} {given['verdict']}" for given in hold["approvals"]) or "none yet"
    rows = {
        "hold": hold["id"],
        "state": hold["state"],
        "identity": f"{hold['identity']} (owner {hold['owner']})",
        "target": f"{hold['target']} as {hold['login']}",
        "why": hold["message"],
        "purpose": hold["purpose"],
        "needs": terms,
        "answers": answers,
        "expires": hold["expires"],
        "digest": hold["request_digest"],
        "command": hold["command"],
    }
    for label, value in rows.items():
        if value:
            out.print(f"[bold]{label:<9}[/bold] {printable(value)}")
