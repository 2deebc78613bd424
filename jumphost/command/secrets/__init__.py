"""Secrets in a text, and files that hold some."""
