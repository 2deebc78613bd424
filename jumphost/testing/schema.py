"""JSON Schemas of the two documents that policies meet, made from the model (JSON Schema 2020-12).

They are committed under ``rego/jumphost/schema`` for editors and ``opa check --schema``; a test fails on a difference.
``python -m jumphost.testing.schema DIRECTORY`` writes them anew.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec

from jumphost.model.decision import Verdict
from jumphost.model.request import Request

DOCUMENTS: dict[str, Any] = {"input.json": Request, "decision.json": Verdict}


def schema_text(document: Any) -> str:
    """The schema of a document's type, as it is committed: sorted keys, two spaces, one newline at the end."""
    text = msgspec.json.encode(msgspec.json.schema(document), order="sorted")
    return msgspec.json.format(text, indent=2).decode() + "\n"


def write(directory: Path) -> None:
    """Writes ``input.json`` and ``decision.json`` into an existing directory."""
    for name, document in DOCUMENTS.items():
        (directory / name).write_text(schema_text(document))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
