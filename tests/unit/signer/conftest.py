"""A site and its signer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jumphost.testing.signing import SigningBench


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SigningBench]:
    made = SigningBench.create(tmp_path)
    yield made
    made.stop()
