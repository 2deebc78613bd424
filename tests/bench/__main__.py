"""``make bench``: ratios against stock OpenSSH, measured in this run on this machine; a table, and build/bench.json."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from jumphost.testing.site import LiveSite, live_site, open_folder
from tests.bench import engines, exchange, facts, leases, masking, measures
from tests.bench.rivals import Rivals, rivals

RULE = """
allow contains verdict if {
	"deploy" in input.identity.groups
	command.only_runs(input.command, {"true", "head", "sleep", "cat"})
	verdict := result.allow("bench.any.measured", "for measuring", {"stdin": "stream"})
}

allow contains verdict if {
	"deploy" in input.identity.groups
	command.only_runs(input.command, {"tail"})
	verdict := result.allow("bench.any.digest", "for measuring", {"record": "digest"})
}

allow contains verdict if {
	"deploy" in input.identity.groups
	command.only_runs(input.command, {"paste"})
	verdict := result.allow("bench.any.masked", "for measuring", {"mask": {"detectors": {"*": "redact"}}})
}
"""


@contextmanager
def field() -> Iterator[tuple[LiveSite, Rivals]]:
    """The gateway with its target, and the rivals, side by side."""
    with open_folder() as folder, live_site(folder, serve=False) as site, rivals(folder) as others:
        site.write_rule("bench", "any", RULE)
        site.set_mode(measures.SHARED, "connection")
        site.start()
        yield site, others


def main() -> int:
    """Measures, prints, writes; status 1 if a limit is missed."""
    with field() as (site, others):
        rows = [
            *measures.everything(site, others),
            *(row for part in (engines, facts, leases, exchange, masking) for row in part.everything()),
        ]
    table = Table("what", "value", "limit", "ok", box=None)
    for row in rows:
        sign = "≤" if row.better == "lower" else "≥"
        table.add_row(row.name, f"{row.value:.2f} {row.unit}", f"{sign} {row.limit}", "yes" if row.ok else "NO")
    Console().print(table)
    build = Path("build")
    build.mkdir(exist_ok=True)
    (build / "bench.json").write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
