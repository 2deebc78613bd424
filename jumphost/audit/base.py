"""The port to the trail."""

from typing import Protocol

from jumphost.model.event import Event


class Journal(Protocol):
    """An append-only record; an event is durable when append() returns."""

    async def append(self, *events: Event) -> None:
        """Writes the events in this order and returns once on disk; Unavailable (journal.unavailable) otherwise."""
