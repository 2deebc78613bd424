"""Requests of web clients."""
