"""What real shells execute of a structured text is never more than what is listed, unless ``opaque`` says so."""

import random
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.command.facts import analyse
from jumphost.model.request import Command, Invocation
from jumphost.testing.shells import VARIABLE, Observed, Witness

# No slash, so that no redirection leaves the folder of its text; no expansion that gives one.
PIECES = [
    *(
        "okay ",
        "okay ",
        "nope ",
        " ",
        " ",
        "\t",
        "\n",
        " \\\n",
        "\\\n",
        "GIVEN=v ",
        "x=okay;",
        "x=a",
        "$x",
        '"$x"',
        "${x}",
    ),
    *("a", "b-c", "--x=", "<in", ">out", "2> err", "2>&1", ">&2", "&>both", "<<E\n", "\nE\n", "<<'E'\n", "<<<a"),
    *("'", "'", '"', '"', "\\", "''", "'a b'", '"a b"', "\\$", "$", "$'", "$[1]", "$((1+1))", "${x:-okay}", "${#x}"),
    *(
        ";",
        "|",
        "||",
        "&&",
        "|&",
        "(",
        ")",
        "{ ",
        "; }",
        "$(okay ",
        "$(nope ",
        ")",
        '"$(okay a)"',
        "`okay b`",
        "`",
        "<(okay p)",
    ),
    *(
        "if ",
        "then ",
        "fi",
        "; then ",
        "; fi",
        "for x in a b; do ",
        "; done",
        "while nope ",
        "; do ",
        "case a in a) ",
        ";; esac",
    ),
    *(
        "~",
        "{a,b}",
        "!",
        "! ",
        "=",
        "[ ",
        "]",
        "#",
        " #",
        "%1",
        "*",
        "?",
        "time ",
        "f() { ",
        "function ",
        "coproc ",
        "((",
        "))",
    ),
    *("é", "漢"),
]
WHOLE = [
    *(
        "for x in a b; do okay $x; done",
        "if okay a; then nope b; else okay c; fi",
        "okay $(okay a; nope b)",
        "(okay; nope a)",
    ),
    *(
        "{ okay a; } >out",
        'okay "`nope`"',
        "case a in a) okay x;; esac",
        "nope || okay ${x:-$(nope)}",
        "cat <<E\n$(okay h)\nE\n",
    ),
]
SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 12))]


def mutations(seed: int, dialect: str) -> Iterator[tuple[str, Command]]:
    """Random texts of the structured tier of which everything is known; endless."""
    source = random.Random(seed)
    while True:
        text = "".join(source.choices(PIECES, k=source.randint(2, 9)))
        if source.random() < 0.6:
            whole = source.choice(WHOLE)
            at = source.randrange(len(whole))
            text = whole[:at] + source.choice(PIECES) + whole[at:] + source.choice(["", ";", " ", "\n"]) + text[:8]
        command = analyse(text.encode(), dialect=dialect)
        if command.tier == "structured" and not command.opaque:
            yield text, command


def covers(part: Invocation, call: tuple[str, ...]) -> bool:
    """Whether the listed command can be the observed call (VARIABLE, program, operand …)."""
    words = ["\0" + re.escape(word.v) if word.k == "literal" else "(?:\0[^\0]*)*" for word in part.argv]
    given = {one.name: one.value for one in part.env}.get(VARIABLE)
    if call[0] and given is not None and given.k == "literal" and given.v != call[0]:
        return False
    return re.fullmatch("".join(words), "".join("\0" + word for word in call[1:]), re.DOTALL) is not None


def unlisted(command: Command, observed: Observed) -> list[object]:
    """What a shell did that the facts do not have."""
    calls = [call for call in observed.calls if not any(covers(part, call) for part in command.commands)]
    redirects = [redirect for part in command.commands for redirect in part.redirects]
    anywhere = any(redirect.k == "dynamic" for redirect in redirects)
    paths = {redirect.path for redirect in redirects}
    return [*calls, *(file for file in observed.files if file not in paths and not anywhere)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("shell", "dialect"), [("dash", "sh"), ("busybox", "sh"), ("bash", "bash"), ("bash as sh", "sh")]
)
def test_a_shell_executes_nothing_that_is_not_listed(seed: int, shell: str, dialect: str, tmp_path: Path) -> None:
    try:
        witness = Witness(shell, tmp_path)
    except LookupError as missing:
        pytest.skip(str(missing))
    source = mutations(seed, dialect)
    cases = [next(source) for _ in range(50)]
    seen = witness.run([text for text, _ in cases])
    assert sum(len(observed.calls) for observed in seen) > 30
    found = [(text, left) for (text, command), did in zip(cases, seen, strict=True) if (left := unlisted(command, did))]
    assert found == []
