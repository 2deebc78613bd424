"""Programs that give a text to a shell: the shells themselves, ``eval``, and what runs ``sh -c`` for its caller."""

import re
from typing import Final

from jumphost.command.opaque import Opaque
from jumphost.command.wrapped.handed import NOTHING, Child, Handed, Reader, Readers, hidden, joined, reason
from jumphost.command.wrapped.options import ANY, COUNT, SECONDS, USER, Options, UnknownOptionError, split
from jumphost.model.request import Invocation, Word

_LETTERS = re.compile(r"-[ceufxli]+")
_LETTERS_AND_NAME = re.compile(r"-[eufx]*o")
_SET = frozenset({"errexit", "noglob", "nounset", "pipefail", "xtrace"})
_SHELL_FILES = {f"{folder}/{name}": name for folder in ("/bin", "/usr/bin") for name in ("sh", "dash", "bash")}


def _shell(name: str) -> Reader:
    return lambda invocation, _dialect: _called(name, invocation)


def _called(name: str, invocation: Invocation) -> Handed:
    """``sh -c text`` and its like; what stands after the text are its positional parameters.

    Without a text the shell reads its input or a file. Start files: bash 5.2 reads ``~/.bashrc`` for ``-c`` where its
    input is a socket, as sshd's is, unless ``--norc``; zsh 5.9 always reads ``~/.zshenv`` unless ``-f``.
    """
    words = list(invocation.argv[1:])
    letters, quiet = set[str](), name != "bash" or invocation.stdin != "inherit"
    while words and (words[0].k == "dynamic" or words[0].v[:1] in ("-", "+")):
        option = words.pop(0)
        if option.k == "dynamic":
            if "c" in letters:
                return hidden(Opaque.DYNAMIC_CODE)
            raise UnknownOptionError(option)
        if "c" in letters:
            raise UnknownOptionError  # shells differ in what may stand between -c and its text
        match option.v:
            case "--login" | "--rcfile" | "--init-file":
                return hidden(Opaque.RCFILE)
            case "--norc" | "--noprofile" | "--posix" if name == "bash" and not letters:
                quiet = quiet or option.v == "--norc"
            case "-s":
                return hidden(Opaque.SHELL_STDIN)
            case text if _LETTERS.fullmatch(text):
                letters.update(text[1:])
            case text if _LETTERS_AND_NAME.fullmatch(text) and words and words[0].v in _SET:
                letters.update(text[1:-1])
                words.pop(0)
            case _:
                raise UnknownOptionError
    return _started(name, letters, quiet=quiet, words=words)


def _started(name: str, letters: set[str], *, quiet: bool, words: list[Word]) -> Handed:
    if "l" in letters:
        return hidden(Opaque.RCFILE)
    if "i" in letters:
        return hidden(Opaque.INTERACTIVE_SHELL)
    if "c" not in letters:
        return hidden(Opaque.SHELL_SCRIPT_FILE if words else Opaque.SHELL_STDIN)
    if not words:
        raise UnknownOptionError
    if words[0].k == "dynamic":
        return hidden(Opaque.DYNAMIC_CODE)
    starts = not quiet or (name == "zsh" and "f" not in letters)
    return Handed(
        children=(Child(code=words[0].v, dialect=_dialect_of(name)),),
        opaque=(Opaque.RCFILE,) if starts else (),
    )


def _dialect_of(name: str) -> str:
    return "sh" if name in ("sh", "dash", "ash") else name


def _eval(invocation: Invocation, dialect: str) -> Handed:
    words = invocation.argv[1:]
    text = joined(words)
    if text is None or text.startswith("-"):
        return hidden(Opaque.EVAL)
    return Handed(children=(Child(code=text, dialect=dialect),)) if text.strip() else NOTHING


def _watch(invocation: Invocation, _dialect: str) -> Handed:
    found = split(invocation.argv[1:], _WATCH)
    if not found.operands:
        return NOTHING
    if found.has("-x", "--exec"):
        return Handed(children=(Child(words=tuple(found.operands), repeated=True),))
    text = joined(found.operands)
    if text is None:
        return hidden(Opaque.DYNAMIC_CODE)
    return Handed(children=(Child(code=text, dialect="sh", repeated=True),))


def _flock(invocation: Invocation, _dialect: str) -> Handed:
    """``flock FILE PROGRAM …`` or ``flock FILE -c TEXT``; the file is made if it is not there."""
    match split(invocation.argv[1:], _FLOCK).operands:
        case [] | [_]:
            return NOTHING
        case [Word(k="literal", v=path), Word(k="literal", v="-c" | "--command"), text]:
            return _by_variable(invocation, text, path)
        case [Word(k="literal", v=path), *rest]:
            return Handed(children=(Child(words=tuple(rest)),), writes=(path,))
        case _:
            return hidden(reason("flock"))


def _script(invocation: Invocation, _dialect: str) -> Handed:
    """``script -qc TEXT FILE``: the file holds all that was printed."""
    found = split(invocation.argv[1:], _SCRIPT, permute=True)
    text = found.values("-c", "--command")
    if not text:
        return hidden(Opaque.INTERACTIVE_SHELL)
    match found.operands:
        case [Word(k="literal", v=path)] if not found.ended:
            return _by_variable(invocation, Word(v=text[-1]), path)
        case _:
            return hidden(reason("script"))


def _by_variable(invocation: Invocation, text: Word, path: str) -> Handed:
    """The shell is the one in ``SHELL``, which only a change of the user sets on the way: then it is not known."""
    if text.k == "dynamic":
        return hidden(Opaque.DYNAMIC_CODE)
    return Handed(
        children=(Child(code=text.v, dialect="sh"),),
        opaque=(Opaque.RCFILE,) if invocation.run_as or invocation.host else (),
        writes=() if path == "/dev/null" else (path,),
    )


def _su(name: str) -> Reader:
    return lambda invocation, _dialect: _other_user(name, invocation)


def _other_user(name: str, invocation: Invocation) -> Handed:
    """``su USER -c TEXT``: by the login shell of the user, with its start files, unless ``-s`` names another."""
    found = split(invocation.argv[1:], _SU, permute=True)
    operands = list(found.operands)
    login = found.has("-l", "--login")
    if operands and operands[0].v == "-" and not found.ended:
        operands, login = operands[1:], True
    user = operands[0] if operands else Word(v="root")
    if user.k == "dynamic" or not USER.fullmatch(user.v) or len(operands) > 1 or found.ended:
        return hidden(reason(name))
    privilege = (f"{name}:{user.v}",)
    text = found.values("-c", "--command")
    starts = (Opaque.RCFILE,) if login or found.last("-s", "--shell") not in _SHELL_FILES else ()
    if len(text) != 1:
        return Handed(opaque=(*starts, Opaque.INTERACTIVE_SHELL), whole=False, privilege=privilege)
    shell = _SHELL_FILES.get(found.last("-s", "--shell"), "sh")
    if shell == "bash" and not starts and invocation.stdin == "inherit":
        starts = (Opaque.RCFILE,)
    return Handed(children=(Child(code=text[0], dialect=shell, run_as=user.v),), opaque=starts, privilege=privilege)


def _runuser(invocation: Invocation, dialect: str) -> Handed:
    """``runuser -u USER PROGRAM …`` has no shell, but takes options behind the program too; without ``-u``: su."""
    words = invocation.argv[1:]
    if not words or not words[0].v.startswith(("-u", "--user")):
        return _other_user("runuser", invocation)
    found = split(words, _RUNUSER)
    user = found.last("-u", "--user")
    if not found.ended and any(word.k == "dynamic" or word.v.startswith("-") for word in found.operands):
        return hidden(reason("runuser"))
    if not found.operands:
        return hidden(Opaque.INTERACTIVE_SHELL)
    return Handed(children=(Child(words=tuple(found.operands), run_as=user),), privilege=(f"runuser:{user}",))


_WATCH: Final = Options.of(
    "-b -c -e -g -p -t -w -x --beep --color --differences --errexit --chgexit --precise --no-title --no-wrap --exec",
    {"-n --interval": SECONDS, "-q --equexit": COUNT},
)
_FLOCK: Final = Options.of(
    "-s -x -e -u -n -o -F --shared --exclusive --unlock --nonblock --close --no-fork --verbose",
    {"-w --timeout": SECONDS, "-E --conflict-exit-code": COUNT},
)
_SCRIPT: Final = Options.of("-q -e -f -a --quiet --return --flush --append", {"-c --command": ANY})
_SU: Final = Options.of("-l -P --login --pty", {"-c --command": ANY, "-s --shell": ANY})
_RUNUSER: Final = Options.of("", {"-u --user": USER})

READERS: Final[Readers] = {
    **{name: _shell(name) for name in ("sh", "dash", "ash", "bash", "zsh", "ksh", "mksh")},
    "eval": _eval,
    "watch": _watch,
    "flock": _flock,
    "script": _script,
    "su": _su("su"),
    "runuser": _runuser,
}
"""Read beside the manuals of bash 5.2, dash 0.5.12, zsh 5.9, ksh93u+m, mksh 59c, procps 4.0.2 and util-linux 2.38.1."""
