"""Programs that run another one elsewhere: on a host, in a container."""

import re
from collections.abc import Sequence
from typing import Final

from jumphost.command.opaque import Opaque
from jumphost.command.wrapped.handed import NOTHING, Child, Handed, Reader, Readers, hidden, joined, reason
from jumphost.command.wrapped.options import ASSIGNED, COUNT, USER, Options, Split, UnknownOptionError, split
from jumphost.model.request import Assignment, Invocation, Word

_HOST = re.compile(r"(?:([A-Za-z_][A-Za-z0-9_.-]*)@)?([A-Za-z0-9_][A-Za-z0-9_.-]*|[0-9a-fA-F:]*:[0-9a-fA-F:]*)")
_SSH_OPTION = re.compile(
    r"(?:BatchMode=(?:yes|no)|(?:ConnectTimeout|ConnectionAttempts|ServerAliveInterval|ServerAliveCountMax)=[0-9]{1,6}"
    r"|StrictHostKeyChecking=yes|LogLevel=[A-Z0-9]+)"
)
_CONTAINER_USER = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_.-]*|[0-9]{1,9})(?::(?:[A-Za-z_][A-Za-z0-9_.-]*|[0-9]{1,9}))?")
_CONTAINER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_POD = re.compile(r"(?:[a-z][a-z0-9.]*/)?[a-z0-9][a-z0-9.-]*")
_LABEL = re.compile(r"[a-z0-9][a-z0-9.-]*")
_COPIED = re.compile(r"(?:scp|sftp|rsync)://([^/]+)/?.*|((?:[^/:@]*@)?\[[^]/]+\]|[^/:]+):.*", re.DOTALL)
_RUNNING: Final = frozenset({"exec", "run", "debug", "attach"})


def _ssh(invocation: Invocation, _dialect: str) -> Handed:
    """Sshd gives the words with blanks between them to the login shell there; bash then reads ``~/.bashrc``."""
    found = split(invocation.argv[1:], _SSH)
    if not found.operands:
        return NOTHING
    to, *rest = found.operands
    host = _HOST.fullmatch(to.v) if to.k == "literal" else None
    if host is None or (rest and rest[0].v.startswith("-")):
        raise UnknownOptionError(to if to.k == "dynamic" else None)  # ssh takes options after the host too
    lateral = (f"ssh:{host[2]}",)
    if not rest:
        return Handed(opaque=(Opaque.INTERACTIVE_SHELL,), whole=False, lateral=lateral)
    text = joined(rest)
    if text is None:
        return Handed(opaque=(Opaque.DYNAMIC_CODE,), whole=False, lateral=lateral)
    child = Child(code=text, dialect="sh", run_as=host[1] or found.last("-l"), host=host[2], closed=found.has("-n"))
    return Handed(children=(child,), opaque=(Opaque.RCFILE,), lateral=lateral)


def _copies(name: str, programs: Sequence[str]) -> Reader:
    """A program that copies between hosts, and has options that name what carries it."""

    def read(invocation: Invocation, _dialect: str) -> Handed:
        words = [word for word in invocation.argv[1:] if word.k == "literal"]
        hosts = [found[1] or found[2] for word in words if (found := _COPIED.fullmatch(word.v)) and word.v[0] != "-"]
        if name == "sftp" and not hosts:
            hosts = [word.v for word in words[-1:] if word.v[:1] != "-"]
        chosen = any(word.v.startswith(tuple(programs)) for word in words)
        return Handed(
            opaque=(reason(name),) if chosen else (),
            whole=False,
            lateral=tuple(f"{name}:{host.rpartition('@')[2].strip('[]')}" for host in dict.fromkeys(hosts)),
        )

    return read


def _engine(name: str) -> Reader:
    return lambda invocation, _dialect: _executed(name, invocation.argv[1:])


def _executed(name: str, words: Sequence[Word]) -> Handed:
    """``docker [container] exec [options] CONTAINER PROGRAM …``, without options of the engine before it."""
    if words and words[0].k == "literal" and words[0].v == "container":
        words = words[1:]
    if not _may_execute(words):
        return NOTHING
    if words[0].k == "dynamic" or words[0].v != "exec":
        return hidden(reason(name))
    found = split(words[1:], _EXEC)
    match found.operands:
        case [Word(k="literal", v=container), *rest] if _CONTAINER.fullmatch(container) and rest:
            host = f"{name}:{container}"
        case _:
            raise UnknownOptionError
    env = tuple(
        Assignment(name=pair[1], value=Word(v=pair[2]))
        for value in found.values("-e", "--env")
        if (pair := ASSIGNED.fullmatch(value))
    )
    child = Child(words=tuple(rest), run_as=found.last("-u", "--user"), host=host, env=env, closed=not _open(found))
    return Handed(children=(child,), given=tuple((one.name, one.value.v) for one in env), lateral=(host,))


def _open(found: Split) -> bool:
    return found.has("-i", "--interactive")


def _kubectl(invocation: Invocation, _dialect: str) -> Handed:
    """``kubectl exec [options] POD -- PROGRAM …``; where it stands without ``--`` the options differ by version."""
    words = invocation.argv[1:]
    end = next((at for at, word in enumerate(words) if word.k == "literal" and word.v == "--"), len(words))
    if not _may_execute(_from_verb(words[:end])):
        return NOTHING
    found = split(words[:end], _KUBECTL, permute=True)
    match found.operands:
        case [Word(k="literal", v="exec"), Word(k="literal", v=pod)] if _POD.fullmatch(pod) and words[end + 1 :]:
            host = f"kubectl:{found.last('-n', '--namespace')}/{pod}"
        case _:
            raise UnknownOptionError
    if container := found.last("-c", "--container"):
        host += f":{container}"
    child = Child(words=tuple(words[end + 1 :]), host=host, closed=not found.has("-i", "--stdin"))
    return Handed(children=(child,), lateral=(host,))


def _from_verb(words: Sequence[Word]) -> Sequence[Word]:
    """The words without a namespace before the verb; all of them where other options stand there."""
    try:
        return split(words, _NAMESPACE).operands
    except UnknownOptionError:
        return words


def _may_execute(words: Sequence[Word]) -> bool:
    """Whether the verb may be one that runs a program: it is one, or it cannot be told from options before it."""
    if words and words[0].k == "literal" and words[0].v[:1] != "-" and words[0].v != "compose":
        return words[0].v in _RUNNING
    return any(word.k == "dynamic" or word.v in _RUNNING for word in words)


_SSH: Final = Options.of(
    "-4 -6 -a -C -k -n -q -T -t -v -x",
    {"-l": USER, "-p": COUNT, "-o": _SSH_OPTION},
)
_EXEC: Final = Options.of(
    "-i -t --interactive --tty",
    {"-u --user": _CONTAINER_USER, "-e --env": ASSIGNED, "-w --workdir": re.compile(r"/.*")},
)
_KUBECTL: Final = Options.of(
    "-i -t -q --stdin --tty --quiet",
    {"-n --namespace": _LABEL, "-c --container": _LABEL},
)

_NAMESPACE: Final = Options.of("", {"-n --namespace": _LABEL})

READERS: Final[Readers] = {
    "ssh": _ssh,
    "scp": _copies("scp", ("-S", "-o", "-F", "-J", "-D")),
    "sftp": _copies("sftp", ("-S", "-o", "-F", "-J", "-D", "-b", "-s")),
    "rsync": _copies("rsync", ("-e", "--rsh", "--rs", "--rsync-path", "--daemon")),
    **{name: _engine(name) for name in ("docker", "podman", "nerdctl")},
    "kubectl": _kubectl,
}
"""Read beside the help of OpenSSH 9.2, rsync 3.2.7, docker 28.2.2 and kubectl 1.32.4. Left out: what forwards, and what
names a file of settings, another cluster or another engine."""
