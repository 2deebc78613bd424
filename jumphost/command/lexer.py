"""The literal tier: a strict reader of shell text in which every word means itself.

Taken: bare words, '…', "…", backslashes; ``| && || ;`` and newlines between commands; ``NAME=value`` before a program;
the redirections ``> >> >| < <>`` with a file and ``>&N <&N >&- <&-``, each with at most one digit before it; a line
continued by a backslash between two words.
Whatever any of sh, bash, dash, busybox or zsh would expand, or read otherwise than the rest, is refused with its
reason: a wrong refusal costs a person a look, a wrong acceptance runs what nobody judged.
One pass, no recursion, linear in the text.
"""

import re
from typing import Final, Literal, NoReturn

from msgspec import Struct

from jumphost.command.opaque import NotLiteral, Opaque

MAX_OPERATORS: Final = 64  # between commands
MAX_WORDS: Final = 1024  # words, assignments and redirections together: the request document holds 256 KiB

Joint = Literal["", "|", "&&", "||", ";"]
Operator = Literal[">", ">>", ">|", "<", "<>", ">&", "<&", ">&-", "<&-"]


class Redirection(Struct, frozen=True):
    """Descriptor ``fd`` goes to the file ``path``, or else to the descriptor ``to``, or else (-1) is closed."""

    fd: int
    op: Operator
    path: str = ""
    to: int = -1


class Simple(Struct, frozen=True):
    """One simple command: ``words[0]`` is the program, ``joint`` the operator before it ("" for the first)."""

    words: tuple[str, ...]
    joint: Joint = ""
    env: tuple[tuple[str, str], ...] = ()
    redirects: tuple[Redirection, ...] = ()


def parse(text: str) -> tuple[Simple, ...]:
    """The commands of ``text`` in order, at least one; NotLiteral with the first reason why it is not literal."""
    return _Reader(text).read()


_Role = Literal["program", "operand", "file"]


def _pieces(*more: str) -> re.Pattern[str]:
    """What one piece of a word may be, its value in the one group that matched."""
    bare = r"((?:[A-Za-z0-9_./,:+@%\-\]]|[^\x00-\x9f])+)"
    double = r'"(?P<double>[^"\\$`]*(?:\\[^\n][^"\\$`]*)*)"'
    return re.compile("|".join((bare, r"'([^']*)'", double, r"\\([^\n])", *more)))


# Where a character stands decides whether some shell expands it: = # ^ only at a word's start, ~ there and after = or
# a colon; behind '' the word has not begun. A lone = or ! is an operator of `test`, {} is what `find` replaces, [ is a
# program.
_WITHIN = r"([=#^]|(?<=[A-Za-z0-9])~)"
_PLACEHOLDER = r"(\{\})"
_START = {
    "program": _pieces(r"(\[)(?=[ \t])"),
    "operand": _pieces(r"(=)(?=[ \t\n;|&<>]|\Z)", r"(!)(?=[= \t\n;|&<>]|\Z)", _PLACEHOLDER),
    "file": _pieces(),
}
_NOT_BEGUN = _pieces()
_REST = {"program": _pieces(_WITHIN), "operand": _pieces(_WITHIN, _PLACEHOLDER), "file": _pieces(_WITHIN)}
_ESCAPED = re.compile(r'\\([$`"\\])')  # within double quotes; before any other character the backslash stays
_DOUBLE_PART = re.compile(r'"[^"\\$`]*(?:\\[^\n][^"\\$`]*)*')

# Most words: read as any other, only sooner.
_ENDS = r"(?=[ \t\n;|]|\Z)"
_PLAIN = r"[A-Za-z0-9_./,:+@%\-]+"
_PLAIN_WORDS = re.compile(rf"{_PLAIN}(?:[ \t]+{_PLAIN})*{_ENDS}")
_QUOTED_WORD = re.compile(rf"(?:'([^']*)'|\"([^\"\\$`]*)\"){_ENDS}")
_BLANKS = re.compile(r"(?:[ \t]|(?<=[ \t])\\\n)+")
_WORD_END = frozenset(" \t\n;|&<>()")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(?!=)")
_DIGITS = re.compile(r"[0-9]+")
_PARENTHESES = re.compile(r"\([ \t]*\)")
_JOINT = re.compile(r"&&|\|\||[|;\n]")
_JOINTS: dict[str, Joint] = {"|": "|", "&&": "&&", "||": "||", ";": ";", "\n": ";"}

_REDIRECT_START = re.compile(r"[0-9]?[<>]")
_TO_DESCRIPTOR = re.compile(r"([0-9]?)([<>])&([0-9-])(?=[ \t\n;|&]|\Z)")
_TO_FILE = re.compile(r"([0-9]?)(>>|>\||<>|>|<)(?![<>&(|])")
_FILE_OPERATORS: dict[str, Operator] = {">": ">", ">>": ">>", ">|": ">|", "<": "<", "<>": "<>"}
_NOT_LITERAL_REDIRECTS = (
    (re.compile(r"[0-9]?<[0-9]*-[0-9]*>"), Opaque.GLOB),  # zsh: ls page<1-9>
    (re.compile(r"[0-9]?<<"), Opaque.HEREDOC),
    (re.compile(r"[0-9]?[<>]\("), Opaque.PROCSUBST),
)

_COMPOUND = re.compile(r"(?:[{}!]|\[\[)(?=[ \t\n]|\Z)")
RESERVED: Final = frozenset(  # of POSIX, bash and zsh
    {
        *("]]", "case", "coproc", "do", "done", "elif", "else", "end", "esac", "fi", "for", "foreach", "function"),
        *("if", "in", "nocorrect", "repeat", "select", "then", "time", "until", "while"),
    }
)
_ZSH_PREFIXES = frozenset({"-", "noglob"})  # quoted or not, zsh runs what follows
_NOT_PLAIN = RESERVED | _ZSH_PREFIXES
_NAMED_RESERVED = {"function": Opaque.FUNCTION, "coproc": Opaque.COPROC}
_STOPS = {
    "*": Opaque.GLOB,
    "?": Opaque.GLOB,
    "[": Opaque.GLOB,
    "{": Opaque.BRACE,
    "}": Opaque.BRACE,
    "`": Opaque.CMDSUBST,
    "~": Opaque.TILDE,
    "=": Opaque.EQUALS,
    "!": Opaque.HISTORY,
    "^": Opaque.HISTORY,
    "'": Opaque.SYNTAX,
}
_DOLLARS = (("$((", Opaque.ARITH), ("$(", Opaque.CMDSUBST), ("$[", Opaque.ARITH))


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.size = 0  # words, assignments and redirections so far
        self.joint: Joint = ""  # what stands before the command that is being read
        self.commands: list[Simple] = []
        self.words: list[str] = []
        self.env: list[tuple[str, str]] = []
        self.redirects: list[Redirection] = []

    def read(self) -> tuple[Simple, ...]:
        self._skip_blanks()
        while self.at < len(self.text):
            if self._read_plain():
                pass
            elif joint := _JOINT.match(self.text, self.at):
                self._join(joint)
            elif _REDIRECT_START.match(self.text, self.at):
                self._read_redirect()
            else:
                self._read_word()
            self._skip_blanks()
        if not self._finish() and self.joint not in ("", ";"):
            self._stop(Opaque.SYNTAX)
        if not self.commands:
            self._stop(Opaque.EMPTY)
        return tuple(self.commands)

    def _stop(self, reason: Opaque) -> NoReturn:
        raise NotLiteral(reason, self.at)

    def _skip_blanks(self) -> None:
        if blanks := _BLANKS.match(self.text, self.at):
            self.at = blanks.end()

    def _count(self, more: int = 1) -> None:
        self.size += more
        if self.size > MAX_WORDS:
            self._stop(Opaque.TOO_COMPLEX)

    def _read_plain(self) -> bool:
        """Takes the words that are all plain, or the one that is all in quotes, if some stand here."""
        if plain := _PLAIN_WORDS.match(self.text, self.at):
            words = plain[0].split()
            if not self.words and (words[0] in _NOT_PLAIN or words[0][0] == "%"):
                return False
            self._count(len(words))
            self.words += words
        elif self.words and (plain := _QUOTED_WORD.match(self.text, self.at)):
            self._count()
            self.words.append(plain[plain.lastindex or 0])
        else:
            return False
        self.at = plain.end()
        return True

    def _finish(self) -> bool:
        """Closes the command that is being read; False if nothing was read."""
        if not self.words:
            if self.env:
                self._stop(Opaque.ASSIGNMENT)
            if self.redirects:
                self._stop(Opaque.EMPTY_PROGRAM)  # zsh runs cat
            return False
        if len(self.commands) > MAX_OPERATORS:
            self._stop(Opaque.TOO_COMPLEX)
        self.commands.append(Simple(tuple(self.words), self.joint, tuple(self.env), tuple(self.redirects)))
        self.words, self.env, self.redirects = [], [], []
        return True

    def _join(self, found: re.Match[str]) -> None:
        if self._finish():
            if found[0] == "|" and self.text.startswith("&", found.end()):
                self._stop(Opaque.REDIRECT)
            self.joint = _JOINTS[found[0]]
        elif found[0] != "\n":
            self._stop(Opaque.SYNTAX)
        self.at = found.end()

    def _read_redirect(self) -> None:
        self._count()
        for form, reason in _NOT_LITERAL_REDIRECTS:
            if form.match(self.text, self.at):
                self._stop(reason)
        if found := _TO_DESCRIPTOR.match(self.text, self.at):
            self.at = found.end()
            self.redirects.append(_descriptor(*found.groups()))
        elif found := _TO_FILE.match(self.text, self.at):
            self.at = found.end()
            self._skip_blanks()
            if not (path := self._word("file")):
                self._stop(Opaque.SYNTAX)
            self.redirects.append(Redirection(_number(found[1], found[2]), _FILE_OPERATORS[found[2]], path))
        else:
            self._stop(Opaque.REDIRECT)

    def _read_word(self) -> None:
        self._count()
        start = self.at
        if self.words:
            self.words.append(self._word("operand"))
            return
        word = self._word("program")
        source = self.text[start : self.at]
        if assignment := _ASSIGNMENT.match(source):
            self.env.append((assignment[1], word[assignment.end() :]))
            return
        self.at = start
        if not word:
            self._stop(Opaque.EMPTY_PROGRAM)
        if source in RESERVED or word in _ZSH_PREFIXES:
            self._stop(_NAMED_RESERVED.get(source, Opaque.RESERVED_WORD))
        if "=" in word:
            self._stop(Opaque.ASSIGNMENT)
        if word[0] == "%":
            self._stop(Opaque.BACKGROUND)  # bash takes it for a job, quoted or not
        self.at = start + len(source)
        self.words.append(word)

    def _word(self, role: _Role) -> str:
        """The value of the word that starts here; "" also where none does, which only a file may not be."""
        start, value = self.at, ""
        pieces = _START[role]
        while self.at < len(self.text) and self.text[self.at] not in _WORD_END:
            found = pieces.match(self.text, self.at)
            if found is None:
                self._refuse(role, first=self.at == start)
            self.at = found.end()
            piece = found[found.lastindex or 0]
            value += _ESCAPED.sub(r"\1", piece) if found.lastgroup == "double" else piece
            pieces = _REST[role] if value else _NOT_BEGUN
        if self.at == start and role != "file":
            self._refuse_operator()
        if self.text.startswith(("<", ">"), self.at) and _DIGITS.fullmatch(self.text, start, self.at):
            self._stop(Opaque.REDIRECT)  # 12>x: a descriptor to bash, a word to dash
        return value

    def _refuse(self, role: _Role, *, first: bool) -> NoReturn:
        """Names the reason why no piece of a word starts here."""
        if first and role == "program" and _COMPOUND.match(self.text, self.at):
            self._stop(Opaque.RESERVED_WORD)
        quoted = _DOUBLE_PART.match(self.text, self.at)
        if quoted:
            self.at = quoted.end()  # at what cannot stand within, or at the end
        match self.text[self.at : self.at + 1]:
            case "":
                self._stop(Opaque.SYNTAX)
            case "\\":
                self._stop(Opaque.CONTINUATION if self.text.startswith("\n", self.at + 1) else Opaque.SYNTAX)
            case "#":
                line = self.text[self.at :].partition("\n")[0]
                self._stop(Opaque.COMMENT_CONTINUATION if line.endswith("\\") else Opaque.COMMENT)
            case "$":
                self._refuse_dollar(quoted=quoted is not None)
            case other:
                self._stop(_STOPS.get(other, Opaque.CONTROL_CHAR))

    def _refuse_dollar(self, *, quoted: bool) -> NoReturn:
        for form, reason in _DOLLARS:
            if self.text.startswith(form, self.at):
                self._stop(reason)
        if self.text.startswith(("$'", '$"'), self.at) and not quoted:
            self._stop(Opaque.DOLLAR_QUOTE)
        self._stop(Opaque.PARAM)

    def _refuse_operator(self) -> NoReturn:
        if self.text.startswith("&", self.at):
            self._stop(Opaque.REDIRECT if self.text.startswith("&>", self.at) else Opaque.BACKGROUND)
        self._stop(Opaque.FUNCTION if _PARENTHESES.match(self.text, self.at) else Opaque.SUBSHELL)


def _number(digit: str, operator: str) -> int:
    return int(digit) if digit else int(operator[0] == ">")


def _descriptor(digit: str, operator: str, to: str) -> Redirection:
    fd, out = _number(digit, operator), operator == ">"
    if to == "-":
        return Redirection(fd, ">&-" if out else "<&-")
    return Redirection(fd, ">&" if out else "<&", to=int(to))
