"""Profiles as a worker gets them."""

from msgspec.structs import replace

from jumphost.command.profiled.profile import Check, Example, Flag, Form, Operand, Profile, Stdin, decode, encode

WHOLE = Profile(
    program="x",
    summary="does",
    forms=(
        Form(
            effects=("fs_read",),
            effects_from="sql",
            stdin=Stdin("sql", "no_operands", ("-c",)),
            flags=(Flag(("-a", "--all"), Check("list_of", inner=(Check("one_of", ("a", "b")),)), many=True),),
            requires=("-a",),
            operands=(Operand(Check("text"), "*"),),
            verbs={"get": Form(bare=True), "put": Form(only_before=True)},
        ),
    ),
    style="posix",
    verified=True,
    source="x 1.0",
    file="x.yaml",
    line=3,
)


def test_what_is_sent_is_what_was_read_without_its_examples() -> None:
    sent = encode({"x": replace(WHOLE, allow=(Example("x"),), refuse=("x -z",)), "y": Profile("y", "", ())})
    assert decode(sent) == {"x": WHOLE, "y": Profile("y", "", ())}


def test_nothing_holds_no_profiles() -> None:
    assert decode(b"") == decode(encode({})) == {}
