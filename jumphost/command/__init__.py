"""From the bytes of an exec request to facts about it, and back to the exact string that runs."""
