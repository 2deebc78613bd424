"""Every page: the command lines it names exist with their options, and its links lead somewhere."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from jumphost.cli.main import app
from jumphost.policy.check import check as find_problems
from jumphost.testing.transcript import blocks

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path for folder in (".", "docs", "docs/adr", "policies", "deploy") for path in (ROOT / folder).glob("*.md")
)


def named(page: Path) -> list[object]:
    return [pytest.param(page, id=str(page.relative_to(ROOT)))]


def command_lines(text: str) -> Iterator[str]:
    """What a page gives to type: code spans, and lines of code blocks, that begin with ``jumphost``."""
    yield from re.findall(r"`(jumphost [a-z][^`]*)`", text)
    for block in re.findall(r"^```[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from re.findall(r"^(?:\$ )?(jumphost [a-z].*)$", block, re.MULTILINE)


@pytest.mark.parametrize("page", [param for page in PAGES for param in named(page)])
def test_command_lines_exist(page: Path) -> None:
    wrong = [line for line in command_lines(page.read_text()) if not exists(line)]
    assert wrong == []


def exists(line: str) -> bool:
    """Whether a command line names a command, and options that it has."""
    words = shlex.split(re.split(r" (?:[|>&<;]|--(?= )) ?", line)[0].replace("…", ""))[1:]
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        found = command.get_command(None, words[0])  # type: ignore[arg-type]
        if found is None:
            return False
        command, words = found, words[1:]
    options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    return {word.split("=")[0] for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("jumphost explain --identity a --target b -- 'x --y'", True),
        ("jumphost audit who --target ledger --at $(date)", True),
        ("jumphost audit whom", False),
        ("jumphost serve --sight x", False),
        ("jumphost target enroll ledger | ssh root@x sh", True),
    ],
)
def test_a_wrong_line_is_found(line: str, right: bool) -> None:
    assert exists(line) is right


@pytest.mark.parametrize("page", [param for page in PAGES for param in named(page)])
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    anchors = {
        path: {
            re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^#+ (.*)$", body, re.M)
        }
        for path in PAGES
        for body in [path.read_text()]
    }
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        path = (page.parent / place).resolve() if place else page
        assert path.exists(), link
        assert not anchor or anchor in anchors[path], link


@pytest.mark.parametrize("page", [param for page in PAGES for param in named(page)])
def test_files_that_are_named_exist(page: Path) -> None:
    """Paths in code spans, from the top of the repository or the page's own folder, with a test's name after ``::``."""
    named = re.findall(r"`((?:jumphost|tests|rego|deploy|docs)/[\w./-]+)(?:::(\w+))?`", page.read_text())
    found = [
        (path, test, next((f / path for f in (ROOT, page.parent) if (f / path).exists()), None)) for path, test in named
    ]
    assert [path for path, _, place in found if place is None] == []
    assert [test for _, test, place in found if test and place and f"def {test}(" not in place.read_text()] == []


async def test_rules_that_are_shown_can_be_loaded(tmp_path: Path) -> None:
    rules = [block.text for page in PAGES for block in blocks(page.read_text()) if block.language == "rego"]
    assert rules
    (tmp_path / ".manifest").write_text('{"roots": ["policies"], "rego_version": 1}')
    for rule in rules:
        names = re.findall(r"^package policies\.([\w.]+)$", rule, re.MULTILINE)[0].split(".")
        folder = tmp_path.joinpath(*names)
        folder.mkdir(parents=True)
        (folder / f"{names[-1]}.rego").write_text(rule)
    assert await find_problems([tmp_path]) == []
