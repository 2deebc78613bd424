"""``jumphost demo``: the main job from nothing, on this machine, told step by step."""

import json
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import typer

from jumphost.cli import demo_database, telling
from jumphost.clock import SystemClock, utc
from jumphost.testing.issuer import AUDIENCE, LocalIssuer
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
RUN = {"repository": "acme/payments", "ref": "refs/heads/main"}  # of a pipeline, as its token says it


@app.command()
def demo() -> None:
    """Run gateway, target and a nightly batch job, allowed, denied and held; then ask the auditor's question."""
    with open_folder() as folder:
        story = Story(folder)
        try:
            story.tell()
        except AssertionError as error:
            telling.out.print(f"[bold red]the demo did not go as it should:[/bold red] {error}")
            raise typer.Exit(1) from None


class Story:
    """The steps of the demo; each says what it does, runs it, and checks that it went as told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "books"
        self._began = time.monotonic()
        self._ci = LocalIssuer(SystemClock(), "https://ci.example")

    def tell(self) -> None:
        """Everything, in order; AssertionError where something is not as it should be."""
        self._books()
        with ExitStack() as stack:
            database = stack.enter_context(demo_database.database())
            telling.step("a site from nothing, a target that trusts it, a gateway in front")
            site = stack.enter_context(live_site(self._folder, serve=False, sockets=True))
            telling.say("jumphost init, target enroll, identities and approvers of the example, one rule of our own:")
            site.write_rule("payments", "nightly", RULE.format(data=self._data))
            telling.code(RULE.format(data=self._data).strip().split("\n\n")[0])
            self._trusts_ci(site)
            if database:
                database.joins(site)
            site.start()
            telling.say(f"jumphost serve: listening on 127.0.0.1:{site.port}")
            try:
                self._goes_on(site, database)
            except AssertionError:
                telling.step("what the trail says")
                telling.cli(site, "audit", "tail", "--lines", "8")
                raise
        telling.step(f"all stopped, nothing left behind; {time.monotonic() - self._began:.0f} s")

    def _goes_on(self, site: LiveSite, database: demo_database.Database | None) -> None:
        key = self._bought(site)
        self._batch(site, key)
        self._held(site, key)
        if database:
            database.tell(site, key)
        else:
            telling.say("no PostgreSQL is installed: with it (apt install postgresql) the demo has one part more")
        self._audit(site)

    def _books(self) -> None:
        self._data.mkdir()
        self._data.chmod(0o777)
        for name in ("ledger.csv", "rates.csv", "ledger-2025.csv"):
            (self._data / name).write_text("id,amount\n1,120.00\n2,80.50\n")

    def _trusts_ci(self, site: LiveSite) -> None:
        jwks = self._folder / "ci.jwks"
        jwks.write_bytes(self._ci.jwks())
        match = [{"require": RUN, "identity": "order-service", "scope": ["exec:payments-db"]}]
        keys: dict[str, Any] = {"issuer": self._ci.url, "audience": AUDIENCE, "jwks": str(jwks)}
        ci = {**keys, "match": match, "actor": {"claim": "actor"}}
        site.write_settings(exchange={"listen": "127.0.0.1:0"}, issuers={"ci": ci})

    def _bought(self, site: LiveSite) -> Path:
        telling.step(
            "a CI job trades the token of its run for a certificate: no password anywhere, gone in five minutes"
        )
        key = self._folder / "id"
        token = self._ci.token(None, **RUN, actor="dora")
        env = {**os.environ, "CI_TOKEN": token, "JUMPHOST_EXCHANGE": str(site.ready["exchange"]), "NO_COLOR": "1"}
        words = ["login", "--token-env", "CI_TOKEN", "--ttl", "5m"]
        telling.elsewhere([*words, "--identity-file", str(key)], env, f"jumphost {' '.join(words)}")
        who = json.loads(site.ssh(key, "jumphost", "whoami").stdout)
        telling.say(f"it is {who['name']}, run by {who['actor']}, and may {' '.join(who['scope'])}")
        return key

    def _batch(self, site: LiveSite, key: Path) -> None:
        telling.step("the nightly batch job: stock ssh, each command judged before the target sees a byte")
        telling.runs(site, key, f"cat {self._data}/ledger.csv", 0)
        telling.runs(site, key, f"cat {self._data}/ledger.csv | sh", 77)
        telling.runs(site, key, "cat /etc/shadow", 77)
        telling.runs(site, key, f"cat $(ls {self._data})", 77)

    def _held(self, site: LiveSite, key: Path) -> None:
        telling.step("a risky command waits for people, in a plain `ssh host command`")
        old, new = f"rm {self._data}/ledger-2025.csv", f"rm {self._data}/ledger.csv"
        telling.answered(site, key, old, "approve", {"alice": "last year is archived"}, 0)
        telling.answered(site, key, new, "reject", {"carol": "that is this year's book"}, 77)
        left = sorted(path.name for path in self._data.iterdir())
        telling.say(f"on the target now: {' '.join(left)}")
        telling.check(left == ["ledger.csv", "rates.csv"], f"got {left} on the target")

    def _audit(self, site: LiveSite) -> None:
        now = utc(SystemClock().now_ns())
        telling.step(f"the auditor: who was on the payments database at {now:%H:%M} UTC?")
        answer = telling.cli(site, "audit", "who", "--target", "payments-db", "--at", now.strftime("%H:%MZ"))
        telling.check("order-service" in answer, "the auditor's question was not answered")
        telling.step("the trail: every event durable before its effect")
        telling.cli(site, "session", "list")
        telling.cli(site, "audit", "tail", "--lines", "4")
        sessions = site.json("session", "list")
        first = next(session for session in reversed(sessions) if session["recording"])
        telling.step("the replay: a plain asciicast, it plays in asciinema too")
        telling.cli(site, "session", "play", first["id"], "--speed", "4")
