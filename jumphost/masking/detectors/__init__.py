"""Detectors: one file each, with its triggers, its confirm, examples and near misses."""
