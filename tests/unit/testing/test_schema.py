"""The committed schemas are those of the model."""

from pathlib import Path

import pytest

from jumphost.testing.schema import DOCUMENTS, schema_text, write

COMMITTED = Path(__file__).parents[3] / "rego" / "jumphost" / "schema"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_committed_schema_is_the_model(name):
    fresh = schema_text(DOCUMENTS[name])
    assert (COMMITTED / name).read_text() == fresh, (
        f"write it anew: .venv/bin/python -m jumphost.testing.schema {COMMITTED}"
    )


def test_write(tmp_path):
    write(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        name: schema_text(document) for name, document in DOCUMENTS.items()
    }
