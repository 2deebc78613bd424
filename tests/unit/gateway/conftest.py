"""The parts of a gateway, without a network."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jumphost.testing.gatehouse import Gatehouse


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Gatehouse]:
    """A new site, served by nobody."""
    async with Gatehouse.open(tmp_path) as made:
        yield made
