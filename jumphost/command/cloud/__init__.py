"""Calls of orchestrators and cloud tools."""
