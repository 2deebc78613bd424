"""The analyser under atheris, guided by coverage: ``make fuzz``, or this module with arguments of libFuzzer."""

import sys

import atheris

with atheris.instrument_imports(include=["jumphost.command"]):
    from jumphost.command.facts import analyse
    from jumphost.testing.facts import PIECES, hold


def one_input(data: bytes) -> None:
    """The first byte chooses the dialect, and whether the others are text or numbers of pieces of text."""
    mode, rest = data[:1], data[1:]
    raw = "".join(PIECES[number % len(PIECES)] for number in rest).encode() if mode > b"\x3f" else rest
    hold(raw, analyse(raw, dialect="bash" if data[:1] > b"\x9f" else "sh"))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
