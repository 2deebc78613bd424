"""What profiles add to the facts of a whole command."""

import pytest
from msgspec.structs import replace

from jumphost.command.facts import analyse
from jumphost.command.profiled.facts import profiled
from jumphost.command.profiled.grammar import NONE, Grammars
from jumphost.model.request import Command, Files, Http, Redirect
from jumphost.testing import profiles

PROFILES = """
cat:
  summary: reads
  effects: [fs_read]
  operands: ["path_read+"]
  allow: [x]
  refuse: [x]
cp:
  summary: copies
  effects: [fs_read, fs_write]
  operands: ["path_read+", path_write]
  allow: [x]
  refuse: [x]
rm:
  summary: deletes
  effects: [fs_delete]
  operands: ["path_delete+"]
  allow: [x]
  refuse: [x]
curl:
  summary: asks
  effects_from: http
  operands: ["url"]
  allow: [x]
  refuse: [x]
systemctl:
  summary: services
  allow: [x]
  refuse: [x]
  verbs: {restart: {effects: [service_state], operands: [unit]}}
echo:
  summary: prints
  operands: ["text*"]
  allow: [x]
  refuse: [x]
"""
GRAMMARS = Grammars(profiles.read(PROFILES)[0])


def facts(text: str, grammars: Grammars = GRAMMARS) -> Command:
    return analyse(text.encode(), profiles=grammars)


def test_each_call_has_what_its_profile_says() -> None:
    one, two, three = facts("cat /a | nope -x; cat --frob /b").commands
    assert (one.profile.name, one.profile.matched, one.profile.operands) == ("cat", True, ("/a",))
    assert (two.profile.name, two.profile.matched) == ("", False)
    assert (three.profile.name, three.profile.matched, three.profile.unknown_flags) == ("cat", False, ("--frob",))


def test_without_profiles_every_program_is_unknown() -> None:
    command = facts("cat /a | nope", NONE)
    assert command.facts.unknown_programs == ("cat", "nope")
    assert command.files == Files(unknown=True)


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("cat /a /b/ < /in > /out 2> /dev/null", Files(("/in", "/a", "/b"), ("/out",), ())),
        ("cp /a /b /dir && rm /a /c", Files(("/a", "/b"), ("/dir",), ("/a", "/c"))),
        ("echo hello", Files()),
        ("cat /a > out", Files(("/a",), ("out",), unknown=True)),
        ("cat /a > /x/../out", Files(("/a",), ("/x/../out",), unknown=True)),
        ("cat a", Files(unknown=True)),
        ("cat /a; nope", Files(("/a",), unknown=True)),
        ("cat /a; cat -z /b", Files(("/a",), unknown=True)),
        ("cat /a; eval x", Files(("/a",), unknown=True)),
        ('cat "$x"; cat /a', Files(("/a",), unknown=True)),
        ("for i in 1 2; do cat /a; done", Files(("/a",))),
        ('cat /a > "$x"', Files(("/a",), unknown=True)),
    ],
)
def test_files(text: str, files: Files) -> None:
    assert facts(text).files == files


def test_what_nobody_could_read_stays_as_it_is() -> None:
    command = facts("cat 'a")
    assert (command.commands, command.files) == ((), Files(unknown=True))


def test_a_wrapper_is_known_by_its_child() -> None:
    wrapper, child = facts("around 5 cat /a; cat /a").commands
    wrapper, child = replace(wrapper, wrapper=True), replace(child, parent=0)
    command = replace(facts("cat /a", NONE), commands=(wrapper, child))
    assert not profiled(command, GRAMMARS).files.unknown
    assert profiled(command, GRAMMARS).facts.unknown_programs == ()
    assert profiled(replace(command, commands=(wrapper,)), GRAMMARS).files.unknown
    find = replace(facts("cat --exec x", NONE).commands[0], wrapper=True)
    assert profiled(replace(command, commands=(find, child)), GRAMMARS).files.unknown
    builtin = replace(find, builtin=True)
    assert not profiled(replace(command, commands=(builtin, child)), GRAMMARS).files.unknown


def test_a_redirection_that_is_not_known_hides_a_file() -> None:
    one = facts("cat /a").commands[0]
    hidden = Redirect(fd=1, op=">", mode="truncate", path="", k="dynamic")
    command = replace(facts("cat /a", NONE), commands=(replace(one, redirects=(hidden,)),))
    assert profiled(command, GRAMMARS).files.unknown


@pytest.mark.parametrize(
    ("text", "writes", "deletes", "network"),
    [
        ("cat /a", False, False, False),
        ("cat /a > /b", True, False, False),
        ("cp /a /b", True, False, False),
        ("rm /a", False, True, False),
        ("systemctl restart x", True, False, False),
        ("systemctl restart -f x", False, False, False),
        ("curl http://a.internal/", False, False, True),
        ("curl http://a.internal/..", True, False, True),  # not wholly known
        ("cat /a > /dev/tcp/a/1", False, False, True),
    ],
)
def test_facts(text: str, writes: bool, deletes: bool, network: bool) -> None:
    found = facts(text).facts
    assert (found.writes, found.deletes, found.network) == (writes, deletes, network)


def test_facts_of_http_are_looked_at() -> None:
    command = replace(facts("curl http://a/", NONE), http=(Http(0, "GET", "http://a/", "http", "a", 80, "/"),))
    found = profiled(command, GRAMMARS)
    assert found.commands[0].profile.effects == ("net_read",)
    assert (found.facts.writes, found.facts.network) == (False, True)
