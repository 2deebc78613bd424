"""Held commands: the rules of approving, and the holds themselves."""
