"""Argv profiles: what is known of how programs are called."""
