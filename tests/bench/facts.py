"""What facts cost, beside the parsers that others use (which give far less: shlex words, bashlex a tree)."""

import shlex
import statistics
import time
from collections.abc import Callable, Iterator

import bashlex

from jumphost.command.facts import analyse
from jumphost.command.grammar import Grammars
from jumphost.policy import profiles
from tests.bench.measures import Row

ROUNDS = 100
GRAMMARS = Grammars(profiles.shipped())
LITERAL = (
    "psql -X -d payments -c 'select 1' 2>/dev/null | head -n 1",
    "kubectl -n shop get pods -o wide",
    "tar -czf /srv/backups/books.tgz -C /srv books && ls -l /srv/backups",
    "journalctl -u payments --since today | grep -i error | tail -n 50",
)
STRUCTURED = (
    'for f in /var/log/*.log; do tail -n 1 "$f"; done',
    "cat $(ls /srv/books | head -n 1)",
    'if test -e "$x"; then rm "$x"; fi',
    'echo "${USER:-nobody} at $(date)"',
)


def everything() -> Iterator[Row]:
    """Medians over the texts, each tier beside the rivals on the same texts."""
    literal, structured = (_median(_facts, texts) for texts in (LITERAL, STRUCTURED))
    yield Row("facts of a literal command", literal * 1e6, "µs", 100, "lower")
    yield Row("facts of a literal command ÷ shlex", literal / _median(shlex.split, LITERAL), "", 10, "lower")
    yield Row("facts of a literal command ÷ bashlex", literal / _median(bashlex.parse, LITERAL), "", 1, "lower")
    yield Row("facts of a structured command", structured * 1e3, "ms", 8, "lower")
    yield Row(
        "facts of a structured command ÷ bashlex", structured / _median(bashlex.parse, STRUCTURED), "", 40, "lower"
    )


def _facts(text: str) -> object:
    return analyse(text.encode(), profiles=GRAMMARS)


def _median(parse: Callable[[str], object], texts: tuple[str, ...]) -> float:
    """Seconds."""
    took = []
    for _ in range(ROUNDS):
        for text in texts:
            began = time.perf_counter()
            parse(text)
            took.append(time.perf_counter() - began)
    return statistics.median(took)
