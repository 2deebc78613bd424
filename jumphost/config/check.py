"""What the files of a site must say beyond their shape: names, keys, addresses, scopes, and how entries agree."""

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from jumphost.config import credentials, private
from jumphost.config.bind import Check
from jumphost.config.issuers import Issuer, is_url, web_address
from jumphost.config.section import loopback
from jumphost.config.settings import OFF, Exchange, Policy, address, server_address
from jumphost.config.tree import Findings, Node, show
from jumphost.model.identity import SCOPE
from jumphost.sshkey import read_line

RESERVED = "jumphost"  # `ssh jumphost@GATEWAY` speaks to the gateway itself (CONTRACTS §2)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_SCOPE = re.compile(SCOPE)
_HOST = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:%-]{0,254}")
_MATCHES = ("key_id",)
_OF_SSH = ("host", "port", "host_keys", "host_ca", "source_address")


def name(value: str) -> Iterator[str]:
    """A name of an identity, person, target, login or group; it stands in file paths, principals and documents."""
    if not _NAME.fullmatch(value):
        yield f"got {show(value)}, expected up to 128 of A-Z a-z 0-9 . _ - not beginning with . or -"


def public_key(value: str) -> Iterator[str]:
    """A line of a .pub file, and no certificate."""
    try:
        read_line(value)
    except ValueError as error:
        yield str(error)


def _scope(value: str) -> Iterator[str]:
    if not _SCOPE.fullmatch(value):
        yield f"got {show(value)}, expected OPERATION:TARGET[:LOGIN], each a shell glob, such as exec:payments-*"


def _network(value: str) -> Iterator[str]:
    try:
        ipaddress.ip_network(value)
    except ValueError as error:
        yield f"got {show(value)}, expected an address or CIDR such as 10.0.0.0/8 ({error})"


def _listen(value: str) -> Iterator[str]:
    try:
        address(value)
    except ValueError as error:
        yield str(error)


def _local(value: str) -> Iterator[str]:
    """Where no login is asked for, so that only this machine may come."""
    try:
        local = value == OFF or loopback(address(value)[0])
    except ValueError:
        local = False
    if not local:
        yield f"got {show(value)}, expected {OFF}, or a loopback address and a port such as 127.0.0.1:9222"


def _host(value: str) -> Iterator[str]:
    if not _HOST.fullmatch(value):
        yield f"got {show(value)}, expected a host name or address"


def _port(value: int) -> Iterator[str]:
    if not 1 <= value <= 65_535:
        yield f"got {value}, expected a port from 1 up to 65535"


def _some(value: Collection[object]) -> Iterator[str]:
    if not value:
        yield "got none, expected at least one"


def _matches(value: Mapping[str, str]) -> Iterator[str]:
    for key in value:
        if key not in _MATCHES:
            yield f"got {show(key)}, expected one of {', '.join(_MATCHES)}"


def _only(*, served: object) -> Check:
    """Of a key that has a meaning in later versions: what this one can do."""

    def look(value: object) -> Iterator[str]:
        if value != served:
            yield f"got {show(value)}, expected {show(served)}: this version serves nothing else"

    return look


def readable(site: Path) -> Check:
    """A path that commands on the gateway's host may read; where its links lead to is looked at when one begins."""

    def look(value: str) -> Iterator[str]:
        path = Path(value)
        if not path.is_absolute() or ".." in path.parts or "\0" in value:
            yield f"got {show(value)}, expected an absolute path without .."
        elif place := private.inside(path, site.absolute()):
            yield f"got {show(value)}, expected a path apart from {place}, which no command may read"

    return look


def _names(value: Mapping[str, object]) -> Iterator[str]:
    for key in value:
        yield from name(key)


def _url(value: str) -> Iterator[str]:
    try:
        server_address(value)
    except ValueError as error:
        yield str(error)


def _policy(value: Policy) -> Iterator[str]:
    """A server is named once, and only where one is asked; a token and certificates only where they are used."""
    remote = value.url or value.socket
    if value.url and value.socket:
        yield "got url and socket, expected one of them"
    if remote and value.engine != "opa":
        yield f"got a server with engine {value.engine}, expected engine: opa"
    if value.token and not remote:
        yield "got a token without url or socket, expected it with one of them"
    if value.ca and not value.url.startswith("https:"):
        yield "got a ca, expected it with an https url only"


def _exchange(value: Exchange) -> Iterator[str]:
    """Tokens cross no network in the clear."""
    if bool(value.cert) != bool(value.key):
        yield "got one of cert and key, expected both or neither"
    if value.listen == OFF:
        return
    try:
        host, _ = address(value.listen)
    except ValueError as error:
        yield str(error)
        return
    if not value.cert and not loopback(host):
        yield f"got {show(value.listen)} without cert and key, expected them, or a loopback address"


def issuers(callers: Collection[str] | None) -> Check:
    """The check of all issuers: who vouched is told by name, and whose token it is by what the token says."""

    def look(value: Mapping[str, Issuer]) -> Iterator[str]:
        named: dict[str, str] = {}
        for key, issuer in value.items():
            yield from name(key)
            if key in (callers or ()):
                yield f"got {show(key)} under callers and under issuers, expected each name once"
            if (other := named.setdefault(issuer.issuer, key)) != key:
                yield f"got {show(issuer.issuer)} as {other} and as {key}, expected one entry and a match for each case"

    return look


def _issuer(value: Issuer) -> Iterator[str]:
    """What each kind needs, and nothing that it would not look at."""
    if not value.issuer or not value.audience:
        yield "got an empty issuer or audience, expected what its tokens say"
    if value.kind == "oidc" and not value.jwks:
        yield from _web_address(value.issuer)
    if value.kind == "spiffe":
        if not re.fullmatch(r"spiffe://[a-z0-9._-]{1,255}", value.issuer):
            yield f"got {show(value.issuer)}, expected a trust domain: spiffe://DOMAIN"
        if not value.jwks:
            yield "got no jwks, expected the file or URL of the trust domain's bundle"
    if value.kind == "saml":
        if not value.certificate or not value.recipient:
            yield "got no certificate or no recipient, expected both with kind: saml"
        if value.jwks or value.ca:
            yield "got jwks or ca, expected neither with kind: saml: its keys are in certificate"
    elif value.certificate or value.recipient:
        yield "got certificate or recipient, expected them with kind: saml only"
    if is_url(value.jwks):
        yield from _web_address(value.jwks)


def _web_address(value: str) -> Iterator[str]:
    try:
        web_address(value)
    except ValueError as error:
        yield str(error)


SETTINGS: dict[str, Check] = {
    "listen": _listen,
    "status.listen": _local,
    "name": name,
    "callers": _some,
    "policy": _policy,
    "policy.url": _url,
    "exchange": _exchange,
    "issuers.*": _issuer,
    "issuers.*.match": _some,
    "issuers.*.match.*.require": _some,
    "issuers.*.match.*.require.*": _some,
    "issuers.*.match.*.identity": name,
    "issuers.*.match.*.scope.*": _scope,
    "issuers.*.groups.map.*": name,
    "credentials": _names,
    "credentials.*": credentials.check,
}
IDENTITY: dict[str, Check] = {
    "owner": name,
    "groups.*": name,
    "scope.*": _scope,
    "match": _matches,
    "match.*": _some,
}
APPROVER: dict[str, Check] = {"groups.*": name, "keys": _some, "keys.*": public_key}
TARGET: dict[str, Check] = {
    "logins": _some,
    "logins.*": name,
    "host": _host,
    "port": _port,
    "labels": _names,
    "host_keys.*": public_key,
    "host_ca.*": public_key,
    "source_address.*": _network,
    "passthrough": _only(served=False),
}


def entry_name(key: str, node: Node, found: Findings) -> None:
    """The key that an entry stands under."""
    for message in name(key):
        found.add(node.line, key, message, code="schema.key")


def targets(entries: Mapping[str, Node], found: Findings) -> None:
    """No target has the gateway's own name; one reached over the network says where it is and how it is known."""
    for key, node in entries.items():
        if key == RESERVED:
            message = f"got {key!r}, expected another name: `ssh {key}@GATEWAY` speaks to the gateway itself"
            found.add(node.line, key, message, code="schema.key")
        fields = node.value
        if not isinstance(fields, dict):
            continue
        if "kind" in fields and fields["kind"].value != "ssh":
            if "mode" in fields and fields["mode"].value == "connection":
                message = "got mode connection, expected it with kind ssh only: nothing else has logins"
                found.add(fields["mode"].line, f"{key}.mode", message, code="schema.value")
            for field in (one for one in _OF_SSH if one in fields):
                message = f"got {field}, expected it with kind ssh only: commands of a process target run here"
                found.add(fields[field].line, f"{key}.{field}", message, code="schema.key")
            continue
        if "sandbox" in fields:
            message = "got a sandbox, expected it with kind process only: what runs elsewhere is bound elsewhere"
            found.add(fields["sandbox"].line, f"{key}.sandbox", message, code="schema.key")
        if "host" not in fields:
            found.add(node.line, key, "got no 'host', expected a host name or address", code="schema.key")
        if not any(field in fields and fields[field].value for field in ("host_keys", "host_ca")):
            message = "got neither 'host_keys' nor 'host_ca', expected one: no host is trusted at first sight"
            found.add(node.line, key, message, code="schema.key")


def identities(entries: Mapping[str, Node], found: Findings, callers: Collection[str] | None = None) -> None:
    """No two identities are named by the same certificate, and the CA that names each is trusted."""
    named: dict[tuple[object, object], str] = {}
    for key, node in entries.items():
        fields = node.plain()
        if not isinstance(fields, dict):
            continue
        ca = fields.get("callers", "main")
        if callers is not None and isinstance(ca, str) and ca not in callers:
            line = node.value["callers"].line if isinstance(node.value, dict) and "callers" in fields else node.line
            known = ", ".join(sorted(callers)) or "one that is there"
            message = f"got {show(ca)}, expected one of the callers of jumphost.yaml: {known}"
            found.add(line, f"{key}.callers", message, code="site.callers")
        match = fields.get("match") or {"key_id": key}
        by = (str(ca), str(match.get("key_id") if isinstance(match, dict) else match))
        if by in named:
            message = f"got the same CA and key_id as {named[by]}, expected each certificate to name one identity"
            found.add(node.line, key, message, code="site.ambiguous")
        named.setdefault(by, key)


def approvers(entries: Mapping[str, Node], found: Findings) -> None:
    """No key speaks for two people: it would let one of them be two."""
    holders: dict[bytes, str] = {}
    for person, node in entries.items():
        keys = node.value.get("keys") if isinstance(node.value, dict) else None
        for index, item in enumerate(keys.value if keys and isinstance(keys.value, list) else ()):
            try:
                blob = read_line(str(item.value)).blob
            except ValueError:
                continue
            holder = holders.setdefault(blob, f"{person}.keys[{index}]")
            if holder != f"{person}.keys[{index}]":
                message = f"got the key of {holder}, expected one that stands nowhere else"
                found.add(item.line, f"{person}.keys[{index}]", message, code="site.shared_key")
