"""A site that was just made, and one way to write its files."""

from pathlib import Path

import pytest

from jumphost.config.create import create_site
from jumphost.config.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """The example site."""
    return create_site(tmp_path / "site", example=True)
