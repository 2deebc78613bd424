"""What the scenarios share beyond the lab."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.testing.site import open_folder


@pytest.fixture
def mark() -> Iterator[Path]:
    """A file that commands on the target may write, and that is not there yet."""
    with open_folder() as folder:
        folder.chmod(0o777)
        yield folder / "mark"
