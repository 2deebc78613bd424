"""What of one cell is masked: all of it by its column, or by the keys within it where it is JSON."""

from jumphost.masking.base import MaskError
from jumphost.masking.columns.base import Cell, trimmed
from jumphost.masking.columns.names import Names
from jumphost.masking.columns.objects import Objects


def masked(line: bytes, start: int, end: int, mask: str | None, names: Names | None) -> list[Cell]:
    """The cells to mask in ``line[start:end]``; ``mask`` is the name of its column if that is masked.

    ``names`` is None where the line has no masked key.
    """
    if mask:
        return [trimmed(line, start, end, mask)]
    key = names.within(line[start:end]) if names else None
    if names is None or key is None:
        return []
    cell = trimmed(line, start, end, key)
    try:
        step = Objects(names).read(line[cell.start : cell.end], 0, final=True)
    except MaskError:  # it only looks like it, or goes on in the next line
        return [cell]
    if not step.done or step.at < cell.end - cell.start:
        return [cell]
    return [Cell(cell.start + span.start, cell.start + span.end, span.name) for span in step.spans]
