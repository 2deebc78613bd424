"""The page on the library says what its modules say."""

from pathlib import Path

import pytest

from jumphost.testing.reference import Entry, entries, main, page

ROOT = Path(__file__).parents[3]
MODULE = """# METADATA
# title: Things
# description: >-
#   What is
#   asked.
package jumphost.things

import rego.v1

# METADATA
# title: big(thing)
# description: more than one | or *
# custom:
#   ids: [a.b.c]
big(thing) if thing > 1

# METADATA
# title: deny
deny contains 1
"""
MORE = """# More of them.
package jumphost.things

# METADATA
# title: small
small := 1
"""
PAGE = """# Head

## Reference

### data.jumphost.things

Things. What is asked.

| | |
|---|---|
| `big(thing)` | More than one \\| or \\* |
| `deny` |  |

More of them.

| | |
|---|---|
| `small` |  |
"""


def test_the_page_of_the_library_is_true():
    assert (ROOT / "rego" / "README.md").read_text() == page(ROOT / "rego"), (
        "write it anew: .venv/bin/python -m jumphost.testing.reference rego"
    )


def test_entries():
    assert entries(MODULE, "x.rego") == [
        Entry("data.jumphost.things", "Things", "What is asked."),
        Entry("big", "big(thing)", "more than one | or *", ("a.b.c",)),
        Entry("deny", "deny"),
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("# METADATA\n# title: x\n\nx := 1\n", "METADATA over nothing"),
        ("# METADATA\nx := 1\n", "METADATA over nothing"),
        ("# METADATA\n# description: x\nx := 1\n", "METADATA of x without a title"),
        ("# METADATA\n# x\nx := 1\n", "METADATA of x without a title"),
    ],
)
def test_metadata_that_says_nothing(text, reason):
    with pytest.raises(ValueError, match=f"m.rego: got {reason}"):
        entries(text, "m.rego")


def test_written_anew(tmp_path):
    for name, text in {"more": MORE, "things": MODULE, "things_test": "package jumphost.things_test\n"}.items():
        (tmp_path / "things").mkdir(exist_ok=True)
        (tmp_path / "things" / f"{name}.rego").write_text(text)
    (tmp_path / "README.md").write_text("# Head\n\n## Reference\n\nold\n")
    main([str(tmp_path)])
    assert (tmp_path / "README.md").read_text() == PAGE
    main([str(tmp_path)])
    assert (tmp_path / "README.md").read_text() == PAGE
