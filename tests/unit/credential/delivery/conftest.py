from collections.abc import Iterator

import pytest

from jumphost.testing import bank as module
from jumphost.testing.bank import Bank
from jumphost.testing.site import open_folder


@pytest.fixture(scope="package")
def bank() -> Iterator[Bank]:
    with open_folder() as folder:
        try:
            with module.bank(folder) as running:
                yield running
        except LookupError as missing:
            pytest.skip(str(missing))
