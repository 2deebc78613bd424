"""A command with a credential of its own, beside the password that lies on the target for all commands; and its role
beside one that is made and dropped by hand.
"""

import asyncio
import random
import statistics
import time
from collections.abc import Iterator

from jumphost.secret import Secret
from jumphost.testing import postgres
from jumphost.testing.provider_contracts import issued
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
ROLES = 100


def everything() -> Iterator[Row]:
    """All figures."""
    yield asyncio.run(_role())
    yield _asked()


async def _role() -> Row:
    """On a server that syncs its disk; each has one connection, and makes its roles by turns."""
    ours, bare = list[float](), list[float]()
    with postgres.bank(settings=("fsync=on",)) as bank:
        provider = bank.provider()
        material = {"host": bank.source.host, "port": "5432", "database": "postgres"}
        login = {"user": postgres.ADMIN, "password": Secret(postgres.PROOF.encode())}
        by_hand = await postgres.Visitor.enter({**material, **login})
        for number in range(ROLES):
            began = time.perf_counter()
            await by_hand.do(f"CREATE ROLE r{number} LOGIN PASSWORD '{STATIC}' IN ROLE {postgres.TEMPLATE}")
            await by_hand.do(f"DROP ROLE r{number}")
            bare.append(time.perf_counter() - began)
            began = time.perf_counter()
            await provider.revoke((await issued(provider)).lease)
            ours.append(time.perf_counter() - began)
        await by_hand.close()
        await provider.close()
    ratio = statistics.median(ours) / statistics.median(bare)
    return Row("role of a lease, made and ended ÷ bare CREATE ROLE and DROP ROLE", ratio, "", 1.5, "lower")


def _asked() -> Row:
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
    return Row("psql with a role of its own by proxy ÷ ssh -J with a static password", ratio, "", 1.0, "lower")
