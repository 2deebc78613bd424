"""What entries must say beyond their shape, each with its line and its words."""

from pathlib import Path

import pytest

from jumphost.config import check
from jumphost.config.settings import Policy
from jumphost.config.tree import Findings, Node, parse

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8bopSLbPiQFK/hT9vtX/bGR0JLiJkAJHKm/TwrDruN"


def entries(text: str) -> dict[str, Node]:
    root = parse(text.encode(), Findings(""))
    assert root is not None
    assert isinstance(root.value, dict)
    return root.value


@pytest.mark.parametrize("name", ["a", "order-service", "A.b_c-9", "_x", "0", "n" * 128])
def test_names(name: str) -> None:
    assert not list(check.name(name))


@pytest.mark.parametrize("name", ["", "-x", ".", "..", "a b", "a/b", "a+b", "é", "a\n", "n" * 129, "a:b", "*"])
def test_what_is_no_name(name: str) -> None:
    (message,) = check.name(name)
    assert message.startswith("got ")


@pytest.mark.parametrize("scope", ["exec:db", "exec:batch-*:postgres", "*:*", "sftp.read:d[ab]?:*", "[!e]*:x"])
def test_scopes(scope: str) -> None:
    assert not list(check.IDENTITY["scope.*"](scope))


@pytest.mark.parametrize(
    "scope", ["", "exec", "exec:", ":db", "exec:db:", "exec:a:b:c", "exec:a b", "EXEC:a", "exec:é", "exec:a\n"]
)
def test_what_is_no_scope(scope: str) -> None:
    (message,) = check.IDENTITY["scope.*"](scope)
    assert "expected OPERATION:TARGET[:LOGIN]" in message


@pytest.mark.parametrize("network", ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"])
def test_networks(network: str) -> None:
    assert not list(check.TARGET["source_address.*"](network))


@pytest.mark.parametrize("network", ["", "10.0.0.5/8", "10.0.0.0/33", "host", "10.0.0.0/8 "])
def test_what_is_no_network(network: str) -> None:
    (message,) = check.TARGET["source_address.*"](network)
    assert "expected an address or CIDR" in message


@pytest.mark.parametrize(("served", "later"), [(False, True)])
def test_what_a_later_version_serves_is_not_taken_silently(served: object, later: object) -> None:
    assert not list(check.TARGET["passthrough"](served))
    (message,) = check.TARGET["passthrough"](later)
    assert message.endswith("this version serves nothing else")


@pytest.mark.parametrize("host", ["10.0.0.5", "::1", "fe80::1%eth0", "db.example"])
def test_hosts(host: str) -> None:
    assert not list(check.TARGET["host"](host))


@pytest.mark.parametrize("host", ["", "-oProxyCommand=x", "a b", "é", "a\n", "u@h"])
def test_what_is_no_host(host: str) -> None:
    assert list(check.TARGET["host"](host))


@pytest.mark.parametrize(("port", "right"), [(0, False), (1, True), (65_535, True), (65_536, False)])
def test_ports(port: int, right: bool) -> None:
    assert (not list(check.TARGET["port"](port))) == right


@pytest.mark.parametrize("line", ["", "x", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----", f"no-pty {KEY}"])
def test_what_is_no_public_key(line: str) -> None:
    (message,) = check.public_key(line)
    assert message.startswith("got ")


def test_a_listen_address_and_a_match_and_labels_are_looked_at() -> None:
    assert list(check.SETTINGS["listen"]("nowhere"))
    assert list(check.IDENTITY["match"]({"serial": "1"})) == ["got 'serial', expected one of key_id"]
    assert not list(check.IDENTITY["match"]({"key_id": "x"}))
    assert not list(check.IDENTITY["match.*"]("x"))
    assert list(check.IDENTITY["match.*"](""))
    assert list(check.TARGET["labels"]({"a b": "x"}))


@pytest.mark.parametrize("listen", ["off", "127.0.0.1:0", "127.8.0.1:9222", "[::1]:9222"])
def test_where_the_status_is_told(listen: str) -> None:
    assert not list(check.SETTINGS["status.listen"](listen))


@pytest.mark.parametrize("listen", ["", "on", "0.0.0.0:1", "10.0.0.5:1", "[::]:1", "localhost:1", "127.0.0.1"])
def test_the_status_is_told_to_this_machine_only(listen: str) -> None:
    (message,) = check.SETTINGS["status.listen"](listen)
    assert message.startswith(f"got {listen!r}, expected off, or a loopback address")


def test_a_target_has_a_host_that_is_known_and_a_free_name() -> None:
    found = Findings("t")
    check.targets(
        entries(
            "jumphost: {host: h, host_ca: [k]}\n"
            "a: {host: h}\n"
            "b: {host_keys: [k]}\n"
            "c: {host: h, host_keys: []}\n"
            "d: {kind: process}\n"
            "e: []\n"
            "f: {kind: process, mode: connection}\n"
            "g: {host: h, host_ca: [k], mode: connection}\n"
            "h: {kind: process, host: h, sandbox: {}}\n"
            "i: {host: h, host_ca: [k], sandbox: {}}\n"
        ),
        found,
    )
    unknown = "got neither 'host_keys' nor 'host_ca', expected one: no host is trusted at first sight"
    assert [str(problem) for problem in found.problems] == [
        "t:1: jumphost: got 'jumphost', expected another name: `ssh jumphost@GATEWAY` speaks to the gateway itself",
        f"t:2: a: {unknown}",
        "t:3: b: got no 'host', expected a host name or address",
        f"t:4: c: {unknown}",
        "t:7: f.mode: got mode connection, expected it with kind ssh only: nothing else has logins",
        "t:9: h.host: got host, expected it with kind ssh only: commands of a process target run here",
        "t:10: i.sandbox: got a sandbox, expected it with kind process only: what runs elsewhere is bound elsewhere",
    ]


@pytest.mark.parametrize("path", ["tools", "./tools", "/opt/../root", "", "/opt/\0"])
def test_what_commands_may_read_is_an_absolute_path(path: str) -> None:
    (message,) = check.readable(Path("/srv/site"))(path)
    assert message.endswith("expected an absolute path without ..")


@pytest.mark.parametrize(("path", "place"), [("/", "/dev"), ("/root/x", "/root"), ("/srv", "/srv/site")])
def test_what_commands_may_read_is_apart(path: str, place: str) -> None:
    (message,) = check.readable(Path("/srv/site"))(path)
    assert message == f"got {path!r}, expected a path apart from {place}, which no command may read"
    assert not list(check.readable(Path("/srv/site"))("/opt/tools"))


def test_an_identity_is_named_by_a_trusted_ca_and_alone() -> None:
    found = Findings("i")
    text = (
        "a: {}\nb:\n  callers: other\nc: {match: {key_id: a}}\n"
        "d: {match: {key_id: d}, callers: second}\ne: 1\nf: {callers: 1}\n"
    )
    check.identities(entries(text), found, {"main", "second"})
    assert [str(problem) for problem in found.problems] == [
        "i:3: b.callers: got 'other', expected one of the callers of jumphost.yaml: main, second",
        "i:4: c: got the same CA and key_id as a, expected each certificate to name one identity",
    ]


def test_without_settings_no_ca_is_unknown() -> None:
    found = Findings("i")
    check.identities(entries("a: {callers: other}\n"), found)
    assert found.problems == []


def test_without_callers_every_ca_is_unknown() -> None:
    found = Findings("i")
    check.identities(entries("a: {}\n"), found, set())
    assert [str(problem) for problem in found.problems] == [
        "i:1: a.callers: got 'main', expected one of the callers of jumphost.yaml: one that is there"
    ]


def test_no_key_speaks_for_two_people_nor_stands_twice() -> None:
    found = Findings("a")
    text = (
        f"al: {{keys: ['{KEY} home', '{KEY}']}}\n"
        f"bo:\n  keys:\n  - junk\n  - {KEY} other comment\nca: 1\ndo: {{keys: x}}\n"
    )
    check.approvers(entries(text), found)
    taken = "got the key of al.keys[0], expected one that stands nowhere else"
    assert [str(problem) for problem in found.problems] == [f"a:1: al.keys[1]: {taken}", f"a:5: bo.keys[1]: {taken}"]


def test_entry_names_are_names() -> None:
    found = Findings("f")
    for key, node in entries("ok: 1\n'a b': 1\n").items():
        check.entry_name(key, node, found)
    assert [problem.line for problem in found.problems] == [2]


@pytest.mark.parametrize(
    "policy",
    [
        Policy(),
        Policy(engine="opa"),
        Policy(engine="opa", url="https://a", token="t", ca="c"),
        Policy(engine="opa", socket="s", token="t"),
    ],
)
def test_policies(policy: Policy) -> None:
    assert not list(check.SETTINGS["policy"](policy))


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        (Policy(engine="opa", url="https://a", socket="s"), "got url and socket"),
        (Policy(url="https://a"), "got a server with engine auto"),
        (Policy(engine="embedded", socket="s"), "got a server with engine embedded"),
        (Policy(engine="opa", token="t"), "got a token without url or socket"),
        (Policy(engine="opa", socket="s", ca="c"), "got a ca"),
    ],
)
def test_what_is_no_policy(policy: Policy, message: str) -> None:
    (found,) = check.SETTINGS["policy"](policy)
    assert found.startswith(message)


def test_the_address_of_a_server_is_checked() -> None:
    (message,) = check.SETTINGS["policy.url"]("http://opa.example")
    assert "expected https" in message
    assert not list(check.SETTINGS["policy.url"]("https://opa.example"))
