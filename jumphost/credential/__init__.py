"""Credentials that live for one command."""
