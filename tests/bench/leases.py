"""A command with a credential of its own, beside the password that lies on the target for all commands."""

import random
import statistics
from collections.abc import Iterator

from jumphost.testing import postgres
from jumphost.testing.site import live_site, open_folder
from tests.bench.measures import ROUNDS, Row, ours, timed
from tests.bench.rivals import rivals

RULE = """
allow contains verdict if {
	command.only_runs(input.command, {"psql"})
	credential := {"name": "db", "ttl_s": 60, "delivery": "proxy"}
	verdict := result.allow("bench.db.ask", "for measuring", {"credential": credential})
}
"""
ASK = "psql -X -c 'select 1'"
STATIC = "static"


def everything() -> Iterator[Row]:
    """A new client each time; both ask the same server."""
    with (
        postgres.bank() as bank,
        open_folder() as folder,
        live_site(folder, serve=False, sockets=True) as site,
        rivals(folder) as others,
    ):
        bank.sql(f"create role {STATIC} login password '{STATIC}'")
        site.write_rule("bench", "db", RULE)
        site.write_settings(credentials={"db": bank.entry})
        site.start()
        where = f"PGHOST={bank.source.host} PGUSER={STATIC} PGPASSWORD={STATIC} PGDATABASE={bank.source.database}"
        paths = {
            "ours": ours(site, site.key("deploy-bot"), ASK),
            "jump": others.jumped(f"{where} {ASK}"),
        }
        took: dict[str, list[float]] = {name: [] for name in paths}
        for words in paths.values():
            timed(words)
        for _ in range(ROUNDS):
            for name in random.sample(sorted(paths), len(paths)):
                took[name].append(timed(paths[name]))
    ratio = statistics.median(took["ours"]) / statistics.median(took["jump"])
    yield Row("psql with a role of its own by proxy ÷ ssh -J with a static password", ratio, "", 1.0, "lower")
