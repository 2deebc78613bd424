"""What sessions work with."""

from dataclasses import FrozenInstanceError

import pytest

from jumphost.testing.gatehouse import Gatehouse


async def test_parts_are_put_together_once(here: Gatehouse) -> None:
    parts = here.parts()
    with pytest.raises(FrozenInstanceError):
        parts.clock = None  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        parts.another = 1  # type: ignore[attr-defined]
