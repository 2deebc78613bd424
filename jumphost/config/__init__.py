"""A site's files: read with their line numbers, checked as a whole, edited in place."""
