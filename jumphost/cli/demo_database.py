"""The part of the demo that needs PostgreSQL: a role for one command, and a DROP TABLE that waits for people."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from jumphost.cli import telling
from jumphost.testing.postgres import Bank, bank
from jumphost.testing.site import LiveSite

RULE = """
_payments if input.target.labels.data == "payments"

allow contains verdict if {
	_payments
	command.only_runs(input.command, {"psql"})
	command.reads_only(input.command)
	command.tables_within(input.command, ["cards", "accounts"])
	lease := {"name": "payments-ro", "ttl_s": 60, "delivery": "proxy"}
	verdict := result.allow("payments.shop.read", "reads two tables", {"credential": lease})
}

hold contains verdict if {
	_payments
	command.only_runs(input.command, {"psql"})
	command.sql_of_kind(input.command, {"drop"})
	terms := [{"groups": ["dba"], "count": 1, "ttl_s": 3600}]
	lease := {"name": "payments-owner", "ttl_s": 60, "delivery": "proxy"}
	verdict := result.hold("payments.shop.drop", "drops a table", terms, {"credential": lease})
}
"""
OWNER = "bank_owner"
SET_UP = (
    f"CREATE ROLE {OWNER} NOLOGIN",
    "CREATE TABLE cards_2025 AS SELECT * FROM cards",
    f"ALTER TABLE cards_2025 OWNER TO {OWNER}",
    f"GRANT {OWNER} TO keeper WITH ADMIN OPTION",
)


@contextmanager
def database() -> "Iterator[Database | None]":
    """A server that is there until the block ends; None if PostgreSQL is not installed."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(bank())
        except LookupError:
            yield None
            return
        made.server.fill(*SET_UP)
        yield Database(made)


class Database:
    """The steps of this part."""

    def __init__(self, made: Bank) -> None:
        self._bank = made

    def joins(self, site: LiveSite) -> None:
        """Before the gateway starts: it may have credentials made at the server, and two rules ask for them."""
        entry = self._bank.entry
        site.write_settings(credentials={"payments-ro": entry, "payments-owner": {**entry, "template": OWNER}})
        site.write_rule("payments", "shop", RULE)

    def tell(self, site: LiveSite, key: Path) -> None:
        """AssertionError where something is not as it should be."""
        telling.step("the database: a role for one command, which the caller never sees and which is gone with its end")
        said = telling.runs(site, key, "psql -X -c 'select current_user, pan, holder from cards'", 0)
        role = next(word for word in said.split() if word.startswith("jumphost_"))
        telling.say("psql had a socket and no secret; is the role still there?")
        left = self._bank.sql("select rolname from pg_roles where rolname like 'jumphost%'")
        telling.say(f"roles of leases at the server now: {left or 'none'}")
        telling.check(left == "", f"the role {role} outlived its command")
        telling.step("DROP TABLE in production waits for a database administrator and for security")
        telling.answered(
            site,
            key,
            "psql -X -c 'drop table cards_2025'",
            "approve",
            {"alice": "last year's cards", "bob": "kept long enough"},
            0,
        )
        telling.step("the auditor: which process had that credential?")
        answer = telling.cli(site, "audit", "credential", role)
        telling.check("order-service" in answer, "the auditor's question was not answered")
