"""The witness itself: it must see a call, its variable, its files, and what did not run."""

from pathlib import Path

import pytest

from jumphost.testing.shells import SHELLS, Observed, Witness


@pytest.mark.parametrize("name", SHELLS)
def test_a_witness_sees_what_runs(name: str, tmp_path: Path) -> None:
    try:
        witness = Witness(name, tmp_path)
    except LookupError as missing:
        pytest.skip(str(missing))
    assert witness.run(
        ["GIVEN=v okay 'a b' '' >out | nope '\n' <in", "nope && okay", "nope || okay é", "if (", "-x"]
    ) == [
        Observed((("", "nope", "\n"), ("v", "okay", "a b", "")), frozenset({"out"})),
        Observed((("", "nope"),), frozenset()),
        Observed((("", "nope"), ("", "okay", "é")), frozenset()),
        Observed((), frozenset()),
        Observed((), frozenset()),
    ]


def test_a_shell_that_is_missing_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LookupError, match="zsh is not installed: apt-get install zsh"):
        Witness("zsh", tmp_path)


def test_a_witness_of_other_programs(tmp_path: Path) -> None:
    witness = Witness("bash", tmp_path, {"ls": 3})
    assert witness.run(["ls -l || okay; ls"]) == [Observed((("", "ls"), ("", "ls", "-l")), frozenset())]
