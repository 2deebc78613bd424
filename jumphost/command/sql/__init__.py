"""SQL that a command hands to a database client."""
