"""The SSH server and the way of one command through it."""
