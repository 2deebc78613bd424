"""Passwords that are known by the flag or the verb before them, or by the program that is fed with them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Final

from jumphost.model.request import Invocation

_FLAG = re.compile(  # of any program; the value is the next word
    r"--?(?:[a-z0-9_.-]{0,64}[-_.])?(?:password|passwd|passphrase|pass|client-secret|secret-key|secret-access-key"
    r"|api-?key|(?:access|auth|api|bearer|id|refresh|session|security|vault|github|gitlab)-token|token|oauth2-bearer"
    r"|tlspassword)",
    re.IGNORECASE,
)
_MYSQL: Final = frozenset(
    f"{family}{dash}{tool}"
    for family in ("mysql", "mariadb")
    for dash, tool in (("", ""), *product(("", "-"), ("admin", "check", "dump", "import", "show")))
)
_POSTGRES: Final = frozenset(
    {
        *("psql", "pg_dump", "pg_dumpall", "pg_restore", "pg_basebackup", "pg_receivewal", "pg_isready", "createdb"),
        *("dropdb", "createuser", "dropuser", "vacuumdb", "reindexdb", "clusterdb"),
    }
)
_ASK: Final = _MYSQL | _POSTGRES  # --password without = has no value there
_LETTERS: Final[Mapping[str, str]] = {  # flags of one letter whose value is a password, glued or apart
    **dict.fromkeys(("sshpass", "mongo", "mongosh", "mongodump", "mongorestore", "mongoexport", "mongoimport"), "p"),
    **dict.fromkeys(("cqlsh", "rabbitmqadmin", "useradd", "usermod"), "p"),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldapwhoami"), "w"),
    **dict.fromkeys(("sqlcmd", "bcp", "zip", "unzip", "ipmitool", "mosquitto_pub", "mosquitto_sub"), "P"),
    **dict.fromkeys(("snmpget", "snmpwalk"), "AX"),
    "ldappasswd": "wsa",
    "redis-cli": "a",
    "ssh-keygen": "NP",
}
_GLUED: Final[Mapping[str, str]] = {**dict.fromkeys(_MYSQL, "p"), "7z": "p", "7za": "p"}  # apart it is something else
_AT_LOGIN: Final = frozenset({"docker", "podman", "nerdctl", "helm", "az", "oc", "buildah", "skopeo"})  # login -p
_PAIRS: Final[Mapping[str, tuple[frozenset[str], str]]] = {  # flags whose value is NAME, a sign and a password
    "curl": (frozenset({"-u", "-U", "--user", "--proxy-user"}), ":"),
    **dict.fromkeys(("http", "https"), (frozenset({"-a", "--auth"}), ":")),
    **dict.fromkeys(("smbclient", "rpcclient", "net"), (frozenset({"-U", "--user"}), "%")),
}
_SQLPLUS = re.compile(r"\w+/[^/@\s]")
_LITERAL = re.compile(r"--from-literal=[^=]+=.|--docker-password=.")
_OPERANDS: Final[Mapping[str, Callable[[Sequence[str]], bool]]] = {
    "rabbitmqctl": lambda words: len(words) > 2 and words[0] in ("add_user", "change_password"),
    "redis-cli": lambda words: any(word.lower() == "auth" and value for word, value in pairwise(words)),
    "wpa_passphrase": lambda words: len(words) > 1,
    "vault": lambda words: words[:1] == ["login"] and any("=" not in w and _is_value(w) for w in words[1:]),
    "sqlplus": lambda words: any(map(_SQLPLUS.match, words)),
    "kubectl": lambda words: words[:2] == ["create", "secret"] and any(map(_LITERAL.match, words)),
    "htpasswd": lambda words: any(re.match(r"-[A-Za-z]*b", word) for word in words),
}
_FED: Final[Mapping[str, frozenset[str]]] = {  # what makes them read a password from standard input
    "chpasswd": frozenset(),
    "passwd": frozenset({"--stdin"}),
    "sudo": frozenset({"-S", "--stdin"}),
    "gpg": frozenset({"--passphrase-fd"}),
    **dict.fromkeys(("docker", "podman", "nerdctl", "helm"), frozenset({"--password-stdin"})),
}


_PROGRAMS: Final = frozenset({*_LETTERS, *_GLUED, *_AT_LOGIN, *_PAIRS, *_OPERANDS, *_FED})
_HINTS: Final = ("pass", "secret", "key", "token", "bearer")  # one of them is in each long flag


def in_calls(calls: Sequence[Invocation], small: str) -> Iterator[str]:
    """``password``, if one stands in the words of ``calls``; ``small`` has all of them, in small letters."""
    hinted = any(map(small.__contains__, _HINTS))
    for one in calls:
        if not hinted and one.program not in _PROGRAMS:
            continue
        words = [word.v if word.k == "literal" else "" for word in one.argv[1:]]
        if _holds(one.program, words) or (_is_fed(one.program, words) and any(_feeds(other, one) for other in calls)):
            yield "password"
            return


def _holds(program: str, words: Sequence[str]) -> bool:
    return (
        (program not in _ASK and any(map(_follows, words, words[1:])))
        or (program in _LETTERS and _has_letter(words, _LETTERS[program]))
        or (program in _GLUED and _has_letter(words, _GLUED[program], apart=False))
        or (program in _AT_LOGIN and "login" in words and _has_letter(words, "p"))
        or (program in _PAIRS and _has_pair(words, *_PAIRS[program]))
        or (program in _OPERANDS and _OPERANDS[program](words))
    )


def _follows(flag: str, value: str) -> bool:
    """Whether the value is a password by the flag before it."""
    return flag.startswith("-") and _is_value(value) and _FLAG.fullmatch(flag) is not None


def _has_letter(words: Sequence[str], letters: str, *, apart: bool = True) -> bool:
    for word, following in pairwise((*words, "")):
        if word[:1] == "-" and word[1:2] in letters and len(word) > 1:
            value = word[2:] or (following if apart else "")
            if _is_value(value):
                return True
    return False


def _has_pair(words: Sequence[str], flags: frozenset[str], sign: str) -> bool:
    for word, following in pairwise((*words, "")):
        if word in flags:
            pair = following
        elif word.startswith("--"):
            flag, _, pair = word.partition("=")
            pair = pair if flag in flags else ""
        else:
            pair = word[2:] if word[:2] in flags else ""
        if _is_value(pair.partition(sign)[2]):
            return True
    return False


def _is_fed(program: str, words: Sequence[str]) -> bool:
    return program in _FED and (not _FED[program] or not _FED[program].isdisjoint(words))


def _feeds(one: Invocation, other: Invocation) -> bool:
    """Whether it writes what stands in its own words, into the pipeline that the other reads."""
    words = [word.v for word in one.argv[1:] if word.k == "literal"]
    return (
        one.program in ("echo", "printf")
        and (one.pipeline == other.pipeline and one.stage < other.stage)
        and any(_is_value(word) and not word.startswith("%") for word in words)
    )


def _is_value(text: str) -> bool:
    """Whether it may be a password: no flag, no variable, no placeholder, no file."""
    return text != "" and not text.startswith(("-", "$", "<", "{", "@", "*"))
