"""Masking of what a command prints, while it streams: detectors, exact secrets, named columns. Pure, no I/O."""
