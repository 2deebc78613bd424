"""What both tiers say of a program, of a redirection and of a variable."""

import posixpath
from collections.abc import Iterable, Sequence
from typing import Final, Literal

from jumphost.model.request import Files, Redirect

SYSTEM_PATHS: Final = frozenset({"/usr/bin", "/bin", "/usr/local/bin"})  # the PATH of the pinned shell
SAFE_ENVIRONMENT: Final = frozenset(  # a list of the dangerous ones is hopeless: LD_*, *_PAGER, GIT_*, PGHOST …
    {
        *("COLUMNS", "LANG", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME"),
        *("LINES", "NO_COLOR", "PGAPPNAME", "PGCONNECT_TIMEOUT", "TZ"),
    }
)

Mode = Literal["truncate", "append", "read", "readwrite", "dup"]
Kind = Literal["null", "file", "device", "net", "proc", "fd"]
Stdin = Literal["closed", "inherit", "pipe", "file", "heredoc"]

MODES: Final[dict[str, Mode]] = {
    ">": "truncate",
    ">|": "truncate",
    "&>": "truncate",
    ">>": "append",
    "&>>": "append",
    "<": "read",
    "<>": "readwrite",
}
_NONE_KNOWN: Final = Files(unknown=True)
READING: Final = frozenset({"read", "readwrite"})
WRITING: Final = frozenset({"truncate", "append", "readwrite"})
_PLACES: Final[tuple[tuple[str, Kind], ...]] = (  # the first that fits
    ("/dev/fd/", "fd"),
    ("/dev/stdin/", "fd"),
    ("/dev/stdout/", "fd"),
    ("/dev/stderr/", "fd"),
    ("/dev/tcp/", "net"),  # bash connects
    ("/dev/udp/", "net"),
    ("/dev/", "device"),
    ("/proc/", "proc"),
)


def program(written: str) -> str:
    """The name of a program that is written with or without the folder where it would be found anyway."""
    folder, _, name = written.rpartition("/")
    return name if folder in SYSTEM_PATHS and name else written


def kind(path: str) -> Kind:
    """What a redirection to ``path`` opens ("": a descriptor), as far as a name can tell: links are not seen."""
    if not path:
        return "fd"
    if path == "/dev/null":
        return "null"
    plain = posixpath.normpath(path).replace("//", "/") + "/"
    return next((kind for place, kind in _PLACES if plain.startswith(place)), "file")


def stdin(redirects: Sequence[Redirect], *, piped: bool) -> Stdin:
    """What a program reads that has these redirections, the last of which counts."""
    given = [redirect for redirect in redirects if redirect.fd == 0]
    if not given:
        return "pipe" if piped else "inherit"
    last = given[-1]
    if last.mode in ("heredoc", "herestring"):
        return "heredoc"
    if last.path:
        return "file"
    return "inherit" if last.to >= 0 else "closed"


def touches(redirect: Redirect, modes: frozenset[str]) -> bool:
    """Whether the redirection opens something that stays, in one of ``modes``."""
    return redirect.mode in modes and redirect.kind in ("file", "device", "proc")


def files(redirects: Sequence[Redirect]) -> Files:
    """Paths of redirections; what the programs themselves touch is unknown until a profile says it."""
    if not redirects:
        return _NONE_KNOWN
    known = [redirect for redirect in redirects if redirect.k == "literal"]
    return Files(
        read=tuple(dict.fromkeys(redirect.path for redirect in known if touches(redirect, READING))),
        write=tuple(dict.fromkeys(redirect.path for redirect in known if touches(redirect, WRITING))),
        unknown=True,
    )


def dangerous(given: Iterable[tuple[str, str | None]]) -> tuple[str, ...]:
    """The names, sorted, of variables that do more than say how to print; None is a value that is not known."""
    return tuple(sorted({name for name, value in given if value is None or not _is_harmless(name, value)}))


def _is_harmless(name: str, value: str) -> bool:
    """Whether a variable only says how to print; one that names a file (TZ=:/etc/shadow) does more."""
    return name in SAFE_ENVIRONMENT and not value.startswith(("/", ":")) and ".." not in value
