"""``jumphost session``: what ran, and its recording."""

import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from jumphost.audit.questions import Questions, Session
from jumphost.cli.common import JsonOption, SiteOption, emit, escaped, noun, open_site, out, printable, table, usage
from jumphost.config.load import load_plain
from jumphost.config.settings import Recording
from jumphost.config.site import Site
from jumphost.errors import Unavailable
from jumphost.gateway import control
from jumphost.recording.replay import Cast, play

app = noun("Sessions: list, show, play, export.")

IDLE_LIMIT = 2.0  # seconds: nobody watches a pause longer than this
_KEPT = "\n\t"  # the control characters that text may hold when it is shown

SessionId = Annotated[str, typer.Argument(metavar="ID", help="The session's id, as `session list` shows it.")]


class Format(StrEnum):
    """What a recording is exported as."""

    CAST = "cast"
    TEXT = "text"


@app.command("list")
def list_(
    identity: Annotated[str, typer.Option("--identity", help="Of this identity only.")] = "",
    target: Annotated[str, typer.Option("--target", help="On this target only.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = 50,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the newest sessions, newest first."""
    sessions = Questions(open_site(site).journal_db).sessions(identity=identity, target=target, limit=limit)
    emit(sessions, as_json=as_json, text=lambda: show_sessions(sessions, "no sessions"))


@app.command()
def show(session_id: SessionId, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show one session: all that is known of it, and its events."""
    questions = Questions(open_site(site).journal_db)
    session = _find(questions, session_id)
    events = [msgspec.json.decode(body) for body in questions.events(session.id)]

    def text() -> None:
        known = [(name, str(value)) for name, value in msgspec.to_builtins(session).items() if value not in ("", None)]
        table(("", ""), known)
        out.print()
        table(("at", "event"), [(event["at"], event["kind"]) for event in events])

    emit({**msgspec.to_builtins(session), "events": events}, as_json=as_json, text=text)


@app.command("play")
def play_(
    session_id: SessionId,
    speed: Annotated[float, typer.Option("--speed", min=0.01, help="How many times as fast.")] = 1.0,
    idle_limit: Annotated[float, typer.Option("--idle-limit", min=0, help="The longest pause, in s.")] = IDLE_LIMIT,
    raw: Annotated[
        bool, typer.Option("--raw", help="Let the recording control this terminal: colours, cursor, title and all.")
    ] = False,
    site: SiteOption = None,
) -> None:
    """Play a recording in the terminal, as it happened. Who looked is journalled."""
    cast = _open(open_site(site), session_id)
    frames = cast.output() if raw else cast.text(lambda text: escaped(text, keep=_KEPT))
    try:
        play(frames, _write, time.sleep, speed=speed, idle_limit=idle_limit)
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def export(
    session_id: SessionId,
    form: Annotated[
        Format, typer.Option("--format", help="The asciicast itself, or its output as text.")
    ] = Format.CAST,
    site: SiteOption = None,
) -> None:
    """Write a recording to stdout. Who looked is journalled."""
    cast = _open(open_site(site), session_id)
    if form is Format.CAST:
        for line in cast.lines():
            sys.stdout.buffer.write(line)
        return
    for _, text in cast.text(lambda text: escaped(text, keep=_KEPT)):
        sys.stdout.write(text)


def show_sessions(sessions: list[Session], nothing: str) -> None:
    """Prints sessions for a person, one a line, or ``nothing``."""
    if not sessions:
        out.print(printable(nothing))
        return
    rows = [
        (
            session.started or session.opened,
            session.id,
            session.identity,
            f"{session.target}+{session.login}" if session.login else session.target,
            session.code,
            result(session),
            session.command,
        )
        for session in sessions
    ]
    table(("at", "session", "identity", "target", "rule", "result", "command"), rows)


def result(session: Session) -> str:
    """How it ended, in a word: exit status or signal, what cut it, or the effect that kept it from running."""
    if session.signal:
        return f"SIG{session.signal}"
    if session.status is not None and session.outcome in ("", "exited"):
        return f"exit {session.status}"  # without a start it was a verb of the gateway's own
    if session.started and not session.outcome:
        return "running"
    return session.outcome or session.effect or "open"


def recordings(site: Site) -> Path:
    """The folder of recordings; of the site's files only ``jumphost.yaml`` needs to be readable."""
    settings = load_plain(site.settings) or {}
    return site.resolve(str((settings.get("recording") or {}).get("path", Recording().path)))


def _find(questions: Questions, session_id: str) -> Session:
    session = questions.session(session_id)
    if session is None:
        usage(f"got no session {session_id!r}: see `jumphost session list`")
    return session


def _open(site: Site, session_id: str) -> Cast:
    """The recording of a session; a gateway that runs journals who looks at it, before it is seen."""
    session = _find(Questions(site.journal_db), session_id)
    if not session.recording:
        usage(f"session {session.id} has no recording: {result(session)}")
    try:
        control.call(site.control_socket, "view.replay", {"session": session.id, "viewer": f"uid {os.getuid()}"})
    except Unavailable:
        print("jumphost: no gateway runs here, so this view is not journalled", file=sys.stderr)
    return Cast(recordings(site) / session.recording)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
