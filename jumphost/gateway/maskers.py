"""The maskers of one command: what its decision asks for, and always the secrets that were injected into it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from jumphost.masking import engine
from jumphost.masking.base import EXACT_NAME
from jumphost.masking.counts import MOST_DISTINCT, Hit
from jumphost.masking.custom import Custom
from jumphost.masking.detectors.table import DETECTORS
from jumphost.masking.inspected import Inspected
from jumphost.masking.plan import EVERY, Masker
from jumphost.model.mask import Mask
from jumphost.secret import Secret
from jumphost.store.requests import KEY_BYTES, read_key
from jumphost.target.base import STDERR, STDOUT

STDIN: Final = 0
NAMES: Final = {STDIN: "stdin", STDOUT: "stdout", STDERR: "stderr"}

Echoed = Callable[[str, str], None]
"""Hears of a secret in the output: the stream, and which secret in which encoding, ``NUMBER/ENCODING``."""


def mask_key(key_file: Path) -> bytes:
    """Of pseudonyms and of the blind index: the same for as long as the key of the requests is (RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"jumphost pseudonyms").derive(read_key(key_file))


def opened(
    open_masker: Callable[..., Masker],
    mask: Mask | None,
    secrets: Sequence[Secret],
    *,
    site: Sequence[Custom] = (),
    key: bytes,
    streams: Sequence[int],
    echoed: Echoed,
) -> dict[int, Masker]:
    """One for each stream, none where there is nothing to mask; raises what ``open_masker`` does.

    ``site`` are detectors of the site's own.

    Where values are masked, output that nobody can look into does not pass, unless the mask lets it by name.
    """
    if mask is None and not secrets:
        return {}
    hidden = {"secrets": tuple(secret.reveal() for secret in secrets)}
    owed = {"detectors": mask.detectors, "columns": mask.columns, "mode": mask.mode} if mask else {}

    def one(stream: int) -> Masker:
        def hit(found: Hit) -> None:
            if found.detector.startswith(EXACT_NAME) and stream != STDIN:
                echoed(NAMES[stream], found.detector.removeprefix(EXACT_NAME))

        made = open_masker({**owed, **hidden}, key=key, on_hit=hit, site=site)
        if mask is None or not mask.asked or stream == STDIN:
            return made
        return Inspected(
            made,
            lambda: open_masker(hidden, key=key, on_hit=hit),
            let=mask.opaque,
            counting=mask.mode == "detect",
        )

    return {stream: one(stream) for stream in streams}


def counted(
    mask: Mask, maskers: Mapping[int, Masker], site: Sequence[Custom] = (), *, index: bool = False
) -> dict[str, Any]:
    """The data of ``mask.count``: what looked, how many bytes of each stream it saw, and what it found there.

    ``opaque`` is what nobody could look into: its kind, and how many bytes of it went out. With ``index`` it has the
    keyed digests of the values.
    """
    names = {*DETECTORS, *(one.name for one in site)} if EVERY in mask.detectors else {*mask.detectors}
    return {
        "mode": mask.mode,
        "engine": engine.BEST,
        "detectors": [*sorted(names), *(f"column:{glob}" for glob in sorted(mask.columns))],
        "streams": {NAMES[stream]: _counted(masker, index=index) for stream, masker in maskers.items()},
    }


def _counted(masker: Masker, *, index: bool) -> dict[str, Any]:
    told: dict[str, Any] = {"scanned": masker.scanned, "counts": masker.counts.rows()}
    if isinstance(masker, Inspected) and masker.kind:
        told["opaque"] = {"kind": masker.kind, "bytes": masker.unseen}
    if index:
        told["index"] = [digest.hex() for digest in masker.counts.index()]
        told["full"] = any(row.distinct == MOST_DISTINCT for row in masker.counts.rows())
    return told
