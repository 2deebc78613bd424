"""Becomes ``opa`` after it has bound itself to its limits and to the life of its parent.

Started as ``python -I -m jumphost.policy.opa.launch PARENT MEMORY COMMAND ARGUMENT…``.
"""

import os
import sys

from jumphost import child

FILES = 1024  # descriptors: the questions that are asked at once, and a hundred times that


def main(arguments: list[str]) -> None:
    """Limits this process and replaces its program; OSError if there is no such command."""
    parent, memory, command = int(arguments[0]), int(arguments[1]), arguments[2:]
    child.confine(child.Limits(memory=memory, files=FILES, reserves=True), parent)
    os.execve(command[0], command, dict(os.environ))  # noqa: S606 - a list of words, as with subprocess


if __name__ == "__main__":
    main(sys.argv[1:])
