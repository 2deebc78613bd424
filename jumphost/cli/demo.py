"""``jumphost demo``: the main job from nothing, on this machine, told step by step."""

import sys
import time
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from jumphost.clock import SystemClock, utc
from jumphost.testing.site import LiveSite, live_site, open_folder

app = typer.Typer(help="Run the main job.", rich_markup_mode=None, pretty_exceptions_enable=False)

RULE = """
allow contains verdict if {{
	input.target.labels.data == "payments"
	some file in ["ledger.csv", "rates.csv"]
	command.exactly(input.command, [["cat", concat("/", ["{data}", file])]])
	verdict := result.allow("payments.nightly.read", "reads the books", {{"limits": {{"timeout_s": 60}}}})
}}

hold contains verdict if {{
	input.target.labels.data == "payments"
	some file in ["ledger-2025.csv", "ledger.csv"]
	command.exactly(input.command, [["rm", concat("/", ["{data}", file])]])
	terms := [{{"groups": ["dba"], "count": 1, "ttl_s": 3600}}]
	verdict := result.hold("payments.nightly.remove", "removes a book: a database administrator decides", terms, {{}})
}}
"""

out = Console(highlight=False, soft_wrap=True)


@app.command()
def demo() -> None:
    """Run gateway, target and a nightly batch job, allowed, denied and held; then ask the auditor's question."""
    with open_folder() as folder:
        story = Story(folder)
        try:
            story.tell()
        except AssertionError as error:
            out.print(f"[bold red]the demo did not go as it should:[/bold red] {error}")
            raise typer.Exit(1) from None


class Story:
    """The steps of the demo; each says what it does, runs it, and checks that it went as told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "books"
        self._began = time.monotonic()

    def tell(self) -> None:
        """Everything, in order; AssertionError where something is not as it should be."""
        self._books()
        self._step("a site from nothing, a target that trusts it, a gateway in front")
        with live_site(self._folder, serve=False) as site:
            self._say("jumphost init, target enroll, identities and approvers of the example, one rule of our own:")
            site.write_rule("payments", "nightly", RULE.format(data=self._data))
            out.print(Text(RULE.format(data=self._data).strip().split("\n\n")[0], style="dim"))
            site.start()
            self._say(f"jumphost serve: listening on 127.0.0.1:{site.port}")
            key = site.key("order-service", "--ttl", "5m")
            self._say(
                "jumphost cert issue --identity order-service --ttl 5m: no password anywhere, gone in five minutes"
            )
            self._batch(site, key)
            self._held(site, key)
            self._audit(site)
        self._step(f"all stopped, nothing left behind; {time.monotonic() - self._began:.0f} s")

    def _books(self) -> None:
        self._data.mkdir()
        self._data.chmod(0o777)
        for name in ("ledger.csv", "rates.csv", "ledger-2025.csv"):
            (self._data / name).write_text("id,amount\n1,120.00\n2,80.50\n")

    def _batch(self, site: LiveSite, key: Path) -> None:
        self._step("the nightly batch job: stock ssh, each command judged before the target sees a byte")
        self._runs(site, key, f"cat {self._data}/ledger.csv", 0)
        self._runs(site, key, f"cat {self._data}/ledger.csv | sh", 77)
        self._runs(site, key, "cat /etc/shadow", 77)
        self._runs(site, key, f"cat $(ls {self._data})", 77)

    def _held(self, site: LiveSite, key: Path) -> None:
        self._step("a risky command waits for people, in a plain `ssh host command`")
        self._answered(site, key, f"rm {self._data}/ledger-2025.csv", "approve", "alice", "last year is archived", 0)
        self._answered(site, key, f"rm {self._data}/ledger.csv", "reject", "carol", "that is this year's book", 77)
        left = sorted(path.name for path in self._data.iterdir())
        self._say(f"on the target now: {' '.join(left)}")
        _check(left == ["ledger.csv", "rates.csv"], f"got {left} on the target")

    def _audit(self, site: LiveSite) -> None:
        now = utc(SystemClock().now_ns())
        self._step(f"the auditor: who was on the payments database at {now:%H:%M} UTC?")
        at = now.strftime("%H:%MZ")
        answer = self._runs_cli(site, "audit", "who", "--target", "payments-db", "--at", at)
        _check("order-service" in answer, "the auditor's question was not answered")
        self._step("the trail: every event durable before its effect")
        self._runs_cli(site, "session", "list")
        self._runs_cli(site, "audit", "tail", "--lines", "4")
        sessions = site.json("session", "list")
        first = next(session for session in reversed(sessions) if session["recording"])
        self._step("the replay: a plain asciicast, it plays in asciinema too")
        self._runs_cli(site, "session", "play", first["id"], "--speed", "4")

    def _runs(self, site: LiveSite, key: Path, command: str, expected: int) -> None:
        self._prompt(command)
        done = site.ssh(key, "payments-db", command)
        self._shows(done.stdout, done.stderr, done.returncode, expected)

    def _answered(
        self, site: LiveSite, key: Path, command: str, verdict: str, who: str, reason: str, expected: int
    ) -> None:
        self._prompt(command)
        caller = site.ssh_started(key, "payments-db", command)
        hold = site.hold()
        self._say(f"… it waits; meanwhile {who}: jumphost approval {verdict} {hold['id'][:13]}… --reason '{reason}'")
        site.answer(verdict, hold["id"], who, "--reason", reason)
        stdout, stderr = caller.communicate(timeout=60)
        self._shows(stdout, stderr, caller.returncode, expected)

    def _runs_cli(self, site: LiveSite, *words: str) -> str:
        out.print(Text(f"$ jumphost {' '.join(words)}", style="bold"))
        printed = site.cli(*words).stdout
        out.print(Text(printed.rstrip()))
        return printed

    def _prompt(self, command: str) -> None:
        out.print(Text(f'$ ssh payments-db@gateway "{command}"', style="bold"))

    def _shows(self, stdout: bytes, stderr: bytes, status: int, expected: int) -> None:
        colour = "green" if status == 0 else "yellow" if status == 75 else "red"
        out.print(Text(stdout.decode(errors="replace").rstrip()), end="\n" if stdout else "")
        out.print(Text(stderr.decode(errors="replace").rstrip(), style=colour), end="\n" if stderr else "")
        out.print(Text(f"exit status {status}", style="dim"))
        _check(status == expected, f"got exit status {status}, expected {expected}")

    def _step(self, title: str) -> None:
        out.print()
        out.print(Text(f"── {title}", style="bold cyan"))
        sys.stdout.flush()

    def _say(self, line: str) -> None:
        out.print(Text(line, style="italic"))


def _check(holds: bool, message: str) -> None:
    if not holds:
        raise AssertionError(message)
