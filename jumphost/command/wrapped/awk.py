"""Which awk programs only read their input and print: a strict reader of a part of the language.

Nothing that starts a program, opens a file or names another source is in that part. Text whose tokens the awks might
divide otherwise (a slash that may begin a pattern or divide) is not in it either.
"""

import re
from typing import Final

MAX_DEPTH: Final = 32  # of brackets

_VARIABLES: Final = frozenset(
    {
        *("CONVFMT", "FILENAME", "FNR", "FS", "NF", "NR", "OFMT", "OFS", "ORS", "RLENGTH", "RS", "RSTART", "SUBSEP"),
    }
)
_FUNCTIONS: Final = frozenset(  # of POSIX, and those of gawk that only compute; each with its operands in parentheses
    {
        *("atan2", "cos", "exp", "int", "log", "rand", "sin", "sqrt", "srand", "gsub", "index", "length", "match"),
        *("split", "sprintf", "sub", "substr", "tolower", "toupper", "gensub", "strtonum", "strftime", "systime"),
    }
)
_CONTROL: Final = frozenset({"if", "while", "for"})
_KEYWORDS: Final = _CONTROL | {
    *("BEGIN", "END", "break", "continue", "delete", "do", "else", "exit", "in", "next", "print", "printf", "return"),
}
_BEFORE_OPERAND: Final = frozenset({"in", "print", "printf"})
_NAME = re.compile(r"[A-Za-z]|[a-z_][a-z0-9_]*")  # of a variable that is the program's own
_NOT_VARIABLES: Final = frozenset(  # that some awk takes for a function or a keyword
    {
        *("and", "asort", "asorti", "bindtextdomain", "case", "close", "compl", "dcgettext", "dcngettext", "default"),
        *("fflush", "func", "function", "getline", "isarray", "lshift", "mktime", "nextfile", "or", "patsplit"),
        *("rshift", "switch", "system", "typeof", "xor", "popen", "fork", "waitpid"),
    }
)
_TOKEN = re.compile(
    r"(?P<blank>[ \t]+)"
    r"|(?P<newline>\n)"
    r'|(?P<string>"(?:[^"\\\n]|\\[^\n])*")'
    r"|(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?![0-9A-Za-z_.]))"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator>\+\+|--|\*\*|&&|\|\||[-+*%^!=<>]=|!~|[-+*%^!<=~?:,;$]|>(?!>))"
    r"|(?P<open>[({\[])"
    r"|(?P<close>[)}\]])"
)
_PATTERN = re.compile(r"/(?:[^/\\\[\n]|\\[^\n]|\[\^?(?:\[:[a-z]+:\]|[^][/\\\n])+\])+/")
_CLOSES: Final = {")": "(", "}": "{", "]": "["}


def awk_is_plain(text: str) -> bool:
    """Whether ``text`` is an awk program that can do no more than read its input and print."""
    try:
        _Reader(text).read()
    except ValueError:
        return False
    return True


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.before = "operator"  # what a slash means depends on it: operand, operator, a keyword, ambiguous
        self.open: list[str] = []  # brackets, those of a condition as "if("

    def read(self) -> None:
        while self.at < len(self.text):
            if self.text[self.at] == "/":
                self._slash()
            elif found := _TOKEN.match(self.text, self.at):
                self.at = found.end()
                self._token(str(found.lastgroup), found[0])
            else:
                raise ValueError
        if self.open:
            raise ValueError

    def _slash(self) -> None:
        """A division behind an operand, a pattern behind an operator; where it may be either, refused."""
        if self.before == "operand":
            self.at += 1
            if self.text.startswith("=", self.at):
                raise ValueError  # /= begins a pattern to some
            self.before = "operator"
        elif self.before == "operator":
            pattern = _PATTERN.match(self.text, self.at)
            if pattern is None:
                raise ValueError
            self.at, self.before = pattern.end(), "operand"
        else:
            raise ValueError

    def _token(self, kind: str, value: str) -> None:
        match kind:
            case "blank":
                return
            case "newline":
                if self.open and self.open[-1] != "{":
                    raise ValueError
                self.before = "operator"
            case "string" | "number":
                self.before = "operand"
            case "name":
                self._name(value)
            case "operator":
                self._operator(value)
            case "open":
                self._open(value)
            case _:
                self._close(value)

    def _name(self, name: str) -> None:
        called = self.text.startswith("(", self.at)
        if name in _KEYWORDS:
            self.before = "operator" if name in _BEFORE_OPERAND else name
        elif name in _FUNCTIONS:
            if not called and name != "length":
                raise ValueError
            self.before = "operand" if called else "ambiguous"
        elif name in _VARIABLES or (_NAME.fullmatch(name) and name not in _NOT_VARIABLES):
            if called:
                raise ValueError
            self.before = "operand"
        else:
            raise ValueError

    def _operator(self, operator: str) -> None:
        """Within an action ``>`` outside parentheses may name a file."""
        if operator == ">" and "{" in self.open and not self.open[-1].endswith("("):
            raise ValueError
        self.before = "ambiguous" if operator in ("++", "--") else "operator"

    def _open(self, bracket: str) -> None:
        if len(self.open) == MAX_DEPTH:
            raise ValueError
        control = bracket == "(" and self.before in _CONTROL
        self.open.append("if(" if control else bracket)
        self.before = "operator"

    def _close(self, bracket: str) -> None:
        if not self.open or self.open[-1][-1] != _CLOSES[bracket]:
            raise ValueError
        control = self.open.pop() == "if("
        self.before = "ambiguous" if control or bracket == "}" else "operand"
