"""``jumphost mask try``: what a mask plan makes of a stream."""

import base64
import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from jumphost.cli.common import noun, usage
from jumphost.config.tree import Findings, kind, parse
from jumphost.errors import Code, Problem, Problems, Unavailable
from jumphost.masking.base import MaskError
from jumphost.masking.counts import Hit
from jumphost.masking.custom import Custom
from jumphost.masking.plan import Masker, PlanError, open_masker
from jumphost.policy import detectors

app = noun("Masking of output.")

_CHUNK: Final = 16 * 1024
_EVERYTHING: Final = {"detectors": {"*": "redact"}}


@app.callback()
def _root() -> None:
    """Holds the verbs."""


@app.command(name="try")
def attempt(
    plan: Annotated[
        Path | None,
        typer.Option("--plan", help="YAML or JSON: detectors, columns, secrets in base64, mode; else all detectors."),
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", help="Folder of policies whose detectors the plan may name too.")
    ] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="{chunks: [base64]} a line on stdin, {output, hits}.")] = False,
) -> None:
    """Mask stdin to stdout by a plan, as the output of a command would be."""
    document = _read(plan) if plan else _EVERYTHING
    if bundle and not bundle.is_dir():
        usage(f"--bundle: got {bundle}, expected a folder of policies")
    site = tuple(detectors.load(bundle).values()) if bundle else ()
    try:
        masker = open_masker(document, site=site)
    except PlanError as error:
        raise Problems([Problem(str(plan), 0, "", problem) for problem in error.problems]) from None
    except MaskError as error:
        raise Unavailable(Code.INTERNAL, str(error)) from None
    if jsonl:
        for line in sys.stdin.buffer:
            print(json.dumps(_answer(line, document, site), separators=(",", ":")), flush=True)
    else:
        _filter(masker)


def _read(path: Path) -> dict[str, Any]:
    """The plan in a file, its secrets as bytes; Problems with what keeps it from being read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        usage(f"--plan {path}: {error.strerror}")
    found = Findings(str(path))
    node = parse(data, found)
    document = node.plain() if node else {}
    if not isinstance(document, dict):
        found.add(0, "", f"got {kind(document)}, expected detectors, columns, secrets, mode", code="syntax.yaml")
    elif isinstance(secrets := document.get("secrets"), list):
        document["secrets"] = [_secret(at, text, found) for at, text in enumerate(secrets)]
    if found.problems:
        raise Problems(found.problems)
    return document


def _secret(at: int, text: object, found: Findings) -> object:
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else text
    except ValueError:
        found.add(0, f"secrets[{at}]", "got what is not base64, expected base64", code="schema.value")
        return b""


def _filter(masker: Masker) -> None:
    write = sys.stdout.buffer.write
    try:
        while data := sys.stdin.buffer.read1(_CHUNK):  # type: ignore[union-attr]  # the buffer of stdin is buffered
            write(masker.feed(data))
            sys.stdout.buffer.flush()
        write(masker.close())
        sys.stdout.buffer.flush()
    except MaskError as error:
        raise Unavailable(Code.INTERNAL, str(error)) from None


def _answer(line: bytes, plan: dict[str, Any], site: tuple[Custom, ...]) -> dict[str, Any]:
    """The answer to one line; ``{"error": …}`` where it is no question or the masking fails."""
    try:
        chunks = [base64.b64decode(chunk, validate=True) for chunk in json.loads(line)["chunks"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return {"error": 'got no question, expected {"chunks": [base64, …]}'}
    hits: list[Hit] = []
    masker = open_masker(plan, on_hit=hits.append, site=site)
    try:
        output = b"".join([*map(masker.feed, chunks), masker.close()])
    except MaskError as error:
        return {"error": str(error)}
    found = sorted(hits, key=lambda hit: (hit.start, hit.end, hit.detector))
    return {"output": base64.b64encode(output).decode(), "hits": [hit._asdict() for hit in found]}
