"""Programs whose operands, input or files are code in a language that is not read here."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from jumphost.command.opaque import Opaque
from jumphost.command.parts import dangerous
from jumphost.command.wrapped.handed import NOTHING, Handed
from jumphost.model.request import InlineCode, Invocation, Word

_LANGUAGES: Final[dict[str, tuple[str, ...]]] = {
    "python": ("-c",),
    "pypy": ("-c",),
    "ipython": ("-c",),
    "perl": ("-e", "-E"),
    "ruby": ("-e",),
    "irb": (),
    "node": ("-e", "-p", "--eval", "--print"),
    "nodejs": ("-e", "-p", "--eval", "--print"),
    "deno": ("eval",),
    "bun": ("-e", "--eval"),
    "php": ("-r", "-B", "-R", "-E"),
    "lua": ("-e",),
    "luajit": ("-e",),
    "tclsh": (),
    "wish": (),
    "expect": ("-c",),
    "R": ("-e",),
    "Rscript": ("-e",),
    "julia": ("-e", "-E", "--eval"),
    "octave": ("--eval",),
    "guile": ("-c",),
    "elixir": ("-e", "--eval"),
    "iex": ("-e", "--eval"),
    "erl": ("-eval",),
    "ghc": ("-e",),
    "runghc": (),
    "scala": ("-e",),
    "groovy": ("-e",),
    "java": (),
    "jshell": (),
    "dotnet": (),
    "pwsh": ("-c", "-Command"),
    "osascript": ("-e",),
    "gdb": ("-ex", "--ex", "-eval-command", "--eval-command"),
    "lldb": ("-o",),
    "bpftrace": ("-e",),
    "stap": ("-e",),
    "vim": ("-c", "--cmd"),
    "vi": ("-c", "--cmd"),
    "ex": ("-c", "--cmd"),
    "view": ("-c", "--cmd"),
    "vimdiff": ("-c", "--cmd"),
    "rvim": ("-c", "--cmd"),
    "nvim": ("-c", "--cmd"),
    "emacs": ("--eval", "-eval"),
    "nano": (),
    "ed": (),
    "red": (),
    "dc": ("-e", "--expression"),
    "m4": (),
    "parallel": (),
    "sem": (),
    "salt": (),
    "salt-call": (),
    "at": (),
    "batch": (),
    "tmux": (),
    "screen": (),
    "less": (),
    "more": (),
    "most": (),
    "pg": (),
    "man": (),
    "info": (),
    "socat": (),
    "ansible": (),
    "ansible-playbook": (),
    "npx": (),
    "fish": ("-c",),
    "csh": ("-c",),
    "tcsh": ("-c",),
    "rbash": ("-c",),
    "rksh": ("-c",),
    "yash": ("-c",),
    "elvish": ("-c",),
    "nu": ("-c",),
    "xonsh": ("-c",),
}
"""Interpreters, and whatever else has a language in which programs can be run, with the options before their code."""

_MAKES: Final = frozenset({"make", "gmake", "bmake", "ninja", "rake", "scons", "just", "task"})
_KNOWN: Final = frozenset({*_LANGUAGES, *_MAKES})
_QUESTIONS: Final[dict[str, frozenset[str]]] = {  # of themselves, beside --version; of -V perl and vim make more
    **dict.fromkeys(("python", "pypy", "less", "man", "tmux"), frozenset({"-V"})),
    **dict.fromkeys(("node", "nodejs", "perl"), frozenset({"-v"})),
    "java": frozenset({"-version"}),
    "php": frozenset({"-v", "-m", "--ini"}),
}
_VERSION = re.compile(r"[0-9][0-9.]*\Z")  # of python3.11


def language(program: str) -> str:
    """The name without folder and version of an interpreter; "" for any other program."""
    name = program.rpartition("/")[2]
    if name in _KNOWN:
        return name
    known = _VERSION.sub("", name)
    return known if known in _KNOWN else ""


def interpreted(invocation: Invocation, _dialect: str) -> Handed:
    """What an interpreter runs is never known, unless it is only asked for its version."""
    name = language(invocation.program)
    words = invocation.argv[1:]
    if _only_tells(name, invocation):
        return NOTHING
    if name in _MAKES:
        return Handed(opaque=(Opaque.MAKEFILE,), whole=False)
    code = tuple(InlineCode(lang=name, text=text) for text in _code(words, _LANGUAGES[name]))
    return Handed(opaque=(f"{Opaque.INTERPRETER}:{name}",), whole=False, inline=code)


def _only_tells(name: str, invocation: Invocation) -> bool:
    """A variable may still make it run code: JAVA_TOOL_OPTIONS, PERL5OPT."""
    if len(invocation.argv) != 2 or invocation.argv[1].k != "literal":
        return False
    question = invocation.argv[1].v
    known = question == "--version" or question in _QUESTIONS.get(name, ())
    given = ((one.name, one.value.v if one.value.k == "literal" else None) for one in invocation.env)
    return known and not dangerous(given)


def _code(words: Sequence[Word], flags: Sequence[str]) -> Iterator[str]:
    """The texts behind these options, glued to a short one or in a cluster with it too."""
    for number, word in enumerate(words):
        if word.k == "dynamic" or not word.v:
            continue
        following = words[number + 1].v if number + 1 < len(words) else ""
        for flag in flags:
            if word.v == flag or (len(flag) == 2 and re.fullmatch(rf"-[A-Za-z]*{flag[1]}", word.v)):
                yield following
                break
            if flag.startswith("--") and word.v.startswith(f"{flag}="):
                yield word.v.partition("=")[2]
                break
            if len(flag) == 2 and word.v.startswith(flag):
                yield word.v[2:]
                break
