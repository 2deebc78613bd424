"""Proves that a target is opened by certificates of our target CA and by nothing else, and that commands run there as
judged and can be stopped.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import PurePosixPath
from typing import Final

import asyncssh
from msgspec import Struct

from jumphost.command import forced
from jumphost.config.load import SiteConfig
from jumphost.errors import Code, JumphostError
from jumphost.model.target import Target
from jumphost.signer.client import SignerClient
from jumphost.signer.protocol import Check, IssueCaller
from jumphost.target.base import Exit
from jumphost.target.connection import Credential, Reach, connect
from jumphost.target.report import facts
from jumphost.target.ssh import run

CALLER_TTL_S: Final = 60
SHELLS: Final = frozenset(
    {"sh", "ash", "dash", "bash", "ksh", "ksh93", "mksh", "zsh"}
)  # that read a pinned string alike


class Finding(Struct, frozen=True):
    """One thing that was looked at; ``fix`` is what to do if it is not as expected."""

    name: str
    login: str
    ok: bool
    got: str
    expected: str
    fix: str = ""


class Checker:
    """Looks at the targets of a site with certificates that its signer makes for the purpose."""

    def __init__(self, signer: SignerClient, config: SiteConfig, reach: Reach) -> None:
        self._signer, self._config, self._reach = signer, config, reach

    async def check(self, target: Target) -> list[Finding]:
        """Everything about every login of ``target``; nothing on the target is changed, but its sshd logs refusals.

        Unavailable (signer.unavailable) or Refused (signer.refused) if the signer does not take part.
        """
        return [finding for login in target.logins async for finding in self._login(target, login)]

    async def _login(self, target: Target, login: str) -> AsyncIterator[Finding]:
        try:
            found = await self._facts(target, login)
        except JumphostError as error:
            if error.code in (Code.SIGNER_REFUSED, Code.SIGNER_UNAVAILABLE):
                raise
            yield _failed(target, login, error)
            return
        yield Finding(name="login", login=login, ok=True, got="let in", expected="let in with a certificate")
        for finding in judged(found, target, login):
            yield finding
        for name, credential in self._wrong(target, login).items():
            yield await self._refused(target, login, name, credential)
        yield await self._methods(target, login)

    async def _facts(self, target: Target, login: str) -> Mapping[str, str]:
        connection = await connect(target, login, self._certified(target.name, login), self._reach)
        try:
            end, said = await run(connection, forced.check())
        finally:
            await connection.end()
        return facts(said) if end == Exit() else {}

    def _wrong(self, target: Target, login: str) -> Mapping[str, Credential]:
        """Credentials that must not open the login, by what they are; those that this site can make."""
        wrong: dict[str, Credential] = {"a plain key": self._plain}
        for other in (name for name in target.logins if name != login):
            wrong[f"a certificate for {target.principal(other)}"] = self._certified(target.name, other)
            break
        for place in self._config.targets.values():
            if place.name != target.name and place.kind == "ssh":
                name = f"a certificate for {place.principal(place.logins[0])}"
                wrong[name] = self._certified(place.name, place.logins[0])
                break
        for identity, entry in self._config.identities.items():
            if entry.enabled:
                wrong[f"a caller's certificate ({identity})"] = self._callers(identity)
                break
        return wrong

    async def _refused(self, target: Target, login: str, name: str, credential: Credential) -> Finding:
        try:
            connection = await connect(target, login, credential, self._reach)
        except JumphostError as error:
            if error.code is Code.TARGET_REFUSED:
                return Finding(name=f"not by {name}", login=login, ok=True, got="refused", expected="refused")
            return Finding(
                name=f"not by {name}",
                login=login,
                ok=False,
                got=f"{error} ({error.detail})",
                expected="refused",
                fix="it could not be tried: check again once this is mended",
            )
        await connection.end()
        return Finding(
            name=f"not by {name}", login=login, ok=False, got="let in", expected="refused", fix=_enroll(target)
        )

    async def _methods(self, target: Target, login: str) -> Finding:
        """Whether anything but a key can be tried, a password above all."""
        name, expected = "not by a password", "publickey alone"
        try:
            methods = await asyncssh.get_server_auth_methods(target.host, target.port, login, config=None)
        except (OSError, asyncssh.Error) as error:
            return Finding(
                name=name, login=login, ok=False, got=f"no answer: {error}", expected=expected, fix="check again"
            )
        return Finding(
            name=name,
            login=login,
            ok=list(methods) == ["publickey"],
            got=", ".join(methods),
            expected=expected,
            fix=_enroll(target),
        )

    def _certified(self, target: str, login: str) -> Credential:
        async def certified(address: str) -> asyncssh.SSHKeyPair:
            key = self._key()
            asked = Check(target=target, login=login, address=address, public_key=_line(key))
            return _pair(key, (await self._signer.ask(asked)).certificate)

        return certified

    async def _plain(self, _address: str) -> asyncssh.SSHKeyPair:
        return asyncssh.load_keypairs([self._key()])[0]

    def _key(self) -> asyncssh.SSHKey:
        return asyncssh.generate_private_key(self._reach.suite.login_key)

    def _callers(self, identity: str) -> Credential:
        async def certified(_address: str) -> asyncssh.SSHKeyPair:
            key = self._key()
            asked = IssueCaller(identity=identity, public_key=_line(key), ttl_s=CALLER_TTL_S)
            return _pair(key, (await self._signer.ask(asked)).certificate)

        return certified


def judged(found: Mapping[str, str], target: Target, login: str) -> list[Finding]:
    """What the facts of the check script mean (``forced.check``); none at all if the script did not run to its end."""
    if found.get("jumphost-check") != "1" or found.get("end") != "1":
        return [
            Finding(
                name="forced command",
                login=login,
                ok=False,
                got=f"{len(found)} of its lines",
                expected="the check script run to its end",
                fix=f"give {login} a login shell of the Bourne family, and see that nothing replaces its exec",
            )
        ]
    shell = PurePosixPath(found.get("shell", "")).name
    levels = {"2"} if shell in ("bash", "zsh") else {"1", "2"}  # these two count on from what sshd set
    tests: list[tuple[str, str, Callable[[str], bool], str, str]] = [
        ("login name", "login", lambda got: got == login, login, "see that no other account has its uid"),
        (
            "login shell",
            "shell",
            lambda _: shell in SHELLS,
            f"one of {', '.join(sorted(SHELLS))}",
            f"usermod -s /bin/sh {login}",
        ),
        ("exec", "exec", lambda got: "builtin" in got, "the shell's own", "find the start-up file that defines it"),
        ("~/.bashrc", "shlvl", lambda got: got in levels, "not read: SHLVL=1 set by sshd", _enroll(target)),
        ("~/.zshenv", "zdotdir", lambda got: got == "/nonexistent", "not read: ZDOTDIR set by sshd", _enroll(target)),
        ("loader", "loader", lambda got: not got, "no LD_ variable", "PermitUserEnvironment no, and no LD_ in SetEnv"),
        ("PATH", "path", lambda got: got == forced.PATH, forced.PATH, "find what changes the environment"),
        ("stop", "stop", lambda got: got == "yes", "grep -z finds a process in /proc", "mount /proc; install grep"),
        ("sleep", "sleep", lambda got: got == "yes", "sleep takes fractions of a second", "install coreutils"),
        ("time limit", "timeout", lambda got: got == "yes", "/usr/bin/timeout -k", "install coreutils"),
    ]
    if target.shell == "bash":
        tests.append(("bash", "bash", lambda got: got == "yes", "/bin/bash", "install bash, or set shell: sh"))
    return [
        Finding(
            name=name, login=login, ok=right(found.get(key, "")), got=found.get(key, ""), expected=expected, fix=fix
        )
        for name, key, right, expected, fix in tests
    ]


def _failed(target: Target, login: str, error: JumphostError) -> Finding:
    fixes = {
        Code.TARGET_UNREACHABLE: f"see that sshd runs at {target.host} port {target.port} and that we may reach it",
        Code.TARGET_REFUSED: _enroll(target),
        Code.TARGET_HOST_KEY: "find out why it changed before you put another one into targets.yaml",
    }
    return Finding(
        name="login",
        login=login,
        ok=False,
        got=f"{error} ({error.detail})",
        expected="let in with a certificate",
        fix=fixes.get(error.code, "see the log of its sshd"),
    )


def _enroll(target: Target) -> str:
    return f"do on it what `jumphost target enroll {target.name}` prints, and reload its sshd"


def _line(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


def _pair(key: asyncssh.SSHKey, certificate: str) -> asyncssh.SSHKeyPair:
    return asyncssh.load_keypairs([(key, asyncssh.import_certificate(certificate))])[0]
