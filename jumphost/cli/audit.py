"""``jumphost audit``: questions to the trail."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from jumphost.audit import when
from jumphost.audit.credential import Use
from jumphost.audit.ever import Ever
from jumphost.audit.questions import Entry, Questions, Session
from jumphost.audit.when import Window
from jumphost.cli.audit_identity import identity
from jumphost.cli.common import JsonOption, SiteOption, emit, escaped, noun, open_site, out, usage
from jumphost.cli.session import recordings, result
from jumphost.clock import SystemClock, rfc3339
from jumphost.config.load import load_site
from jumphost.config.site import Site
from jumphost.gateway.maskers import mask_key
from jumphost.masking.blind import digests
from jumphost.masking.custom import Custom
from jumphost.masking.detectors.table import DETECTORS
from jumphost.policy import detectors

app = noun("Questions to the trail.")
app.command()(identity)

MARGIN = 60.0  # seconds on each side of --at: jobs start a little late, and clocks differ
POLL = 0.5  # seconds between looks at a journal that is followed

_BRIEF = 80  # characters of a list or an object; a text, such as a command, is shown whole
_SHOWN_FIRST = ("at", "kind", "identity", "target")
_NOT_SHOWN = ("v", "log", "idx", "connection")


@app.command()
def tail(
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last events.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with every new event.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the last events of the journal. With --json: their exact bytes, one a line."""
    questions = Questions(open_site(site).journal_db)
    entries = questions.tail(max(lines, 1))
    for entry in entries[len(entries) - lines :] if lines else ():
        _show(entry, as_json)
    if not follow:
        return
    try:
        for entry in questions.follow(entries[-1].place if entries else 0, lambda: time.sleep(POLL)):
            _show(entry, as_json)
    except KeyboardInterrupt:
        raise typer.Exit from None


@app.command()
def who(
    target: Annotated[str, typer.Option("--target", metavar="NAME", help="The target that is asked about.")],
    at: Annotated[str, typer.Option("--at", help="02:00Z (the latest such time) or 2026-11-22T02:00:00Z.")] = "",
    margin: Annotated[float, typer.Option("--margin", min=0, help="Seconds on each side of --at.")] = MARGIN,
    start: Annotated[str, typer.Option("--from", help="Instead of --at: the start, written as it is.")] = "",
    end: Annotated[str, typer.Option("--to", help="The end; else now.")] = "",
    attempts: Annotated[bool, typer.Option("--attempts", help="Also what was asked for and did not run.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who ran what on a target at a time: everything whose run touches the window."""
    place = open_site(site)
    window = _window(at, margin, start, end)
    questions = Questions(place.journal_db)
    ran = questions.who(target, window)
    tried = questions.who(target, window, attempts=True)
    folder = recordings(place)
    answers = [_answer(folder, session) for session in (*ran, *tried) if session.started or attempts]

    def text() -> None:
        print(f"{escaped(target)} from {rfc3339(window.start_ns)} to {rfc3339(window.end_ns)}: {len(ran)} ran")
        for answer in answers:
            _describe(answer)
        if tried and not attempts:
            print(f"{len(tried)} more did not run: add --attempts")

    emit(answers, as_json=as_json, text=text)


@app.command()
def ever(
    identity: Annotated[
        str,
        typer.Option("--identity", metavar="NAME", help="Whose commands; of a value: else anyone's."),
    ] = "",
    detector: Annotated[str, typer.Option("--detector", metavar="NAME", help="What they may have printed.")] = "",
    value_file: Annotated[
        Path | None, typer.Option("--value-file", help="Or this very value, in a file.", dir_okay=False, exists=True)
    ] = None,
    value_stdin: Annotated[bool, typer.Option("--value-stdin", help="Or this very value, on standard input.")] = False,
    since: Annotated[str, typer.Option("--since", help="Only what ran at this time or after it.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only what ran at this time or before it; else now.")] = "",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say whether commands ever printed values of one kind, or one value, and how much was not looked at."""
    place = open_site(site)
    if bool(detector) + bool(value_file) + value_stdin != 1 or (detector and not identity):
        usage("got no question, expected --identity NAME --detector NAME, or --value-file FILE or --value-stdin")
    window = _since(since, until)
    if detector:
        _ever(place, identity, detector, window, as_json=as_json)
        return
    try:
        asked = (value_file.read_bytes() if value_file else sys.stdin.buffer.read()).strip()
    except OSError as error:
        usage(f"--value-file: {error.strerror}")
    if not asked:
        usage("got an empty value, expected what the command may have printed")
    _value(place, identity, asked, window, as_json=as_json)


def _ever(place: Site, identity: str, detector: str, window: Window, *, as_json: bool) -> None:
    if detector not in DETECTORS and not detector.startswith("column:") and detector not in (own := _own(place)):
        usage(f"got the detector {detector!r}, expected column:GLOB or one of {', '.join((*DETECTORS, *own))}")
    answer = Questions(place.journal_db).ever(identity, detector, window)

    def text() -> None:
        print(escaped(f"{'yes' if answer.found else 'no'}: {identity}, {detector}"))
        for line in _told(answer):
            print(f"  {line}")

    emit(msgspec.to_builtins(answer), as_json=as_json, text=text)


def _own(place: Site) -> dict[str, Custom]:
    """The detectors of the site's own."""
    return detectors.load(place.resolve(load_site(place).settings.policy.bundle))


def _told(answer: Ever) -> Iterator[str]:
    if answer.found:
        yield f"{answer.masked} masked, {answer.detected} only counted, in {len(answer.sessions)} sessions"
        yield f"first {answer.first} in {answer.sessions[0]}"
        yield f"last  {answer.last} in {answer.sessions[-1]}"
    if answer.shown:
        yield f"{answer.shown} bytes of values went out before they were known to be of one"
    if answer.unjudged:
        yield f"{answer.unjudged} times something was starred before it was clear what it was"
    by = f", by {', '.join(answer.engines)}" if answer.engines else ""
    yield f"looked at: {answer.seen} sessions, {answer.scanned} bytes{by}"
    if answer.unread:
        yield f"could not be looked into: {answer.unread} bytes"
    yield f"not looked at: {answer.unseen.sessions} sessions, {answer.unseen.bytes} bytes of recordings"


def _value(place: Site, identity: str, asked: bytes, window: Window, *, as_json: bool) -> None:
    between = {one.separators for one in DETECTORS.values()} | {one.separators.encode() for one in _own(place).values()}
    key = mask_key(place.keys / "requests_key")
    answer = Questions(place.journal_db).value(digests(key, asked, between), window, identity=identity)

    def text() -> None:
        print(escaped(f"{'yes' if answer.found else 'no'}: {identity or 'anyone'}, this value"))
        for one in answer.readings:
            print(escaped(f"  {one.started} {one.identity} on {one.target} in {one.session}"))
        print(f"  looked at: {answer.seen} sessions, {answer.full} of them with more values than are kept")
        print(f"  not looked at: {answer.unseen} sessions")

    emit(msgspec.to_builtins(answer), as_json=as_json, text=text)


def _since(since: str, until: str) -> Window:
    now = SystemClock().now_ns()
    try:
        return when.between(since, until, now) if since else Window(0, when.moment(until, now) if until else now)
    except ValueError as error:
        usage(str(error))


@app.command()
def credential(
    what: Annotated[str, typer.Argument(metavar="WHAT", help="A lease, its role, its name, or a serial.")],
    since: Annotated[str, typer.Option("--since", help="Only what was issued at this time or after it.")] = "",
    until: Annotated[str, typer.Option("--until", help="Only what was issued at this time or before it.")] = "",
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which process had a credential, from when to when, and what it ran."""
    place = open_site(site)
    questions, folder = Questions(place.journal_db), recordings(place)
    uses = questions.credential(what, _since(since, until))
    answers = [
        {**msgspec.to_builtins(use), "ran": [_answer(folder, ran) for ran in _sessions(questions, use)]} for use in uses
    ]

    def text() -> None:
        print(escaped(f"{what}: {len(uses)} issued"))
        for use in uses:
            _describe({name: given for name, given in msgspec.to_builtins(use).items() if given and name != "shared"})
            for session in _sessions(questions, use):
                print(escaped(f"  ran  {session.started or session.opened}  {session.id}  {session.command}"))

    emit(answers, as_json=as_json, text=text)


def _sessions(questions: Questions, use: Use) -> list[Session]:
    """What ran with it: the command that it was issued for, and those that came after it on the same login."""
    found = (questions.session(identifier) for identifier in (use.session, *use.shared))
    return [session for session in found if session is not None]


def _window(at: str, margin: float, start: str, end: str) -> Window:
    if bool(at) == bool(start) or (at and end):
        usage(
            "got neither or both of --at and --from, expected one: --at TIME, or --from TIME with or without --to TIME"
        )
    now = SystemClock().now_ns()
    try:
        return when.around(at, margin, now) if at else when.between(start, end, now)
    except ValueError as error:
        usage(str(error))


def _answer(folder: Path, session: Session) -> dict[str, Any]:
    """Who, by which certificate, did what, why it was allowed, how it ended, and where it can be seen."""
    return {
        "session": session.id,
        "ran": bool(session.started),
        "identity": session.identity,
        "issuer": session.issuer,
        "serial": session.serial,
        "key_id": session.key_id,
        "source": session.source,
        "target": session.target,
        "login": session.login,
        "command": session.command,
        "decision": session.decision,
        "effect": session.effect,
        "rule": session.code,
        "hold": session.hold,
        "start": session.started or session.opened,
        "end": session.ended,
        "result": result(session),
        "status": session.status,
        "recording": str(folder / session.recording) if session.recording else "",
    }


def _describe(answer: dict[str, Any]) -> None:
    out.print()
    shown = {name: value for name, value in answer.items() if value not in ("", None) and name != "ran"}
    width = max(map(len, shown))
    for name, value in shown.items():
        print(f"  {name.ljust(width)}  {escaped(str(value))}")


def _show(entry: Entry, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(entry.body.decode() + "\n")
    else:
        event: dict[str, Any] = msgspec.json.decode(entry.body)
        first = [str(event[name]) for name in _SHOWN_FIRST if event[name]]
        rest = [
            f"{name}={value if isinstance(value, str) else _brief(value)}"
            for name, value in event.items()
            if name not in (*_SHOWN_FIRST, *_NOT_SHOWN) and value not in ("", None)
        ]
        print(escaped(" ".join((*first, *rest))))
    sys.stdout.flush()


def _brief(value: Any) -> str:
    """A number, or the beginning of a list or an object."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}…"
