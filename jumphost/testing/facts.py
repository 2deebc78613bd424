"""What holds of the facts of any bytes: for every test that makes up texts."""

from typing import Final

import msgspec

from jumphost.command.cloud.tool import UNKNOWN
from jumphost.command.lexer import MAX_OPERATORS, MAX_WORDS
from jumphost.command.opaque import Opaque
from jumphost.command.secrets.shapes import DETECTORS
from jumphost.model.request import Command

REASONS: Final = frozenset(Opaque)
PIECES: Final = (  # of texts that are more than noise
    *(
        "a",
        " ",
        " ",
        " ",
        "\n",
        "\t",
        "'",
        '"',
        "\\",
        ";",
        "|",
        "&&",
        "||",
        "&",
        "<",
        ">",
        ">>",
        "<<E\n",
        "\nE\n",
        "<<<",
        "2>&1",
    ),
    *(
        "$x",
        "$(",
        "`",
        ")",
        "${x:-",
        "}",
        "$((1+1))",
        "((",
        "{ ",
        "; }",
        "(",
        "<(",
        "*",
        "?",
        "~",
        "{a,b}",
        "!",
        "#",
        "=",
        "x=",
    ),
    *(
        "if ",
        "; then ",
        "; fi",
        "for x in ",
        "; do ",
        "; done",
        "case a in a) ",
        ";; esac",
        "f() { ",
        "time ",
        "coproc ",
    ),
    *(
        "eval ",
        "exec ",
        "export ",
        "test -v ",
        "env ",
        "sudo ",
        "sh -c ",
        "xargs ",
        "find . -exec ",
        "psql -c ",
        "mysql ",
    ),
    *(
        "curl ",
        "wget ",
        "http ",
        "https://h",
        "/x",
        "?a=b",
        "-X",
        "-d",
        "-o",
        "-T",
        "-G",
        "-K",
        "--next",
        "--url",
        "@",
        "-F",
        "-L",
    ),
    *(
        "kubectl ",
        "docker ",
        "aws ",
        "helm ",
        "terraform ",
        "get ",
        "exec ",
        "run ",
        "-n ",
        "-A ",
        "-f ",
        "-- ",
        "-p",
        "-u ",
        "--",
    ),
    *(
        "password=",
        "--password ",
        "PASSWORD 'x'",
        "Authorization: Bearer ",
        "/etc/shadow",
        "/root/.ssh/id_rsa",
        ".env",
        "\0",
        "\r",
    ),
    *("é", "\u200b", "\u202e", "\xa0"),
)


def hold(raw: bytes, command: Command) -> None:
    """The text was accepted within bounds, or refused with a documented reason; AssertionError otherwise."""
    assert {reason.partition(":")[0] for reason in command.opaque} <= REASONS
    assert command.bytes == len(raw)
    assert (command.tier == "literal") == bool(command.canonical)
    assert (command.tier != "unparsed") == bool(command.commands)
    assert command.tier != "unparsed" or len(command.opaque) == 1
    assert command.tier != "literal" or command.shape.commands <= MAX_OPERATORS + 1
    assert all(part.parent < part.id == number for number, part in enumerate(command.commands))
    assert {part.id for part in command.commands if part.wrapper} <= {part.parent for part in command.commands}
    assert sum(len(part.argv) + len(part.env) + len(part.redirects) for part in command.commands) <= MAX_WORDS
    assert "\0" not in command.raw
    assert set(command.facts.secret_argv) <= DETECTORS
    _requests_hold(command)
    _calls_hold(command)
    document = msgspec.json.encode(command)
    assert msgspec.json.decode(document, type=Command) == command


def _requests_hold(command: Command) -> None:
    for one in command.http:
        assert one.body in ("none", "literal", "file", "stdin")
        if one.url_k == "dynamic":
            assert (one.host, one.port, one.path) == ("", 0, "")
        else:
            assert one.host
            assert one.method
            assert one.output
            assert one.scheme in ("http", "https")
            assert one.path.startswith("/")
            assert 0 < one.port < 65536
            assert all(word.k == "literal" for word in command.commands[one.cmd].argv)


def _calls_hold(command: Command) -> None:
    for one in command.cloud:
        assert one.tool == command.commands[one.cmd].program
        if any(word.k == "dynamic" for word in command.commands[one.cmd].argv):
            assert UNKNOWN in one.resources
