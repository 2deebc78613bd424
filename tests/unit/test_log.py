"""What a line of the operator's log holds; in processes of their own, since there is one log a process."""

import json
import subprocess
import sys

SAYS = """
import logging, sys
import structlog
from jumphost import log

log.configure(sys.argv[1], sys.argv[2])
ours = structlog.get_logger()
ours.debug("small.thing")
ours.info("a.thing", count=4, reason="draws\\x1b[2J\\u202e")
logging.getLogger("asyncio").warning("socket.send() raised exception.")
logging.getLogger("asyncssh").info("connection accepted")
logging.getLogger("asyncssh").warning("took \\x1b[2J for %s", "a name")

def fails(password):
    raise ValueError("no \\x1b[2J")

try:
    fails("hidden " * 2)
except ValueError:
    ours.exception("lost", session="7")
"""


def said(level: str, form: str) -> str:
    done = subprocess.run([sys.executable, "-c", SAYS, level, form], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "hidden hidden" not in done.stderr
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr
    return done.stderr


def test_json_has_one_document_a_line() -> None:
    lines = [json.loads(line) for line in said("info", "json").splitlines()]
    assert [set(line) - {"timestamp", "level", "event"} for line in lines] == [
        {"count", "reason"},
        {"message"},
        {"session", "exception"},
    ]
    assert [(line["level"], line["event"]) for line in lines] == [
        ("info", "a.thing"),
        ("warning", "asyncssh"),
        ("error", "lost"),
    ]
    assert lines[1]["message"] == "took \x1b[2J for a name"
    assert lines[2]["exception"].endswith("ValueError: no \x1b[2J")
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_console_is_for_people() -> None:
    text = said("debug", "console")
    assert "small.thing" in text
    assert r"reason='draws\x1b[2J\u202e'" in text
    assert r"message='took \x1b[2J for a name'" in text
    assert text.endswith("ValueError: no \\x1b[2J\n")


def test_a_level_holds_for_libraries_too() -> None:
    assert [json.loads(line)["event"] for line in said("error", "json").splitlines()] == ["lost"]
