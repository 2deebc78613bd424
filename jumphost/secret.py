"""A value that cannot leave by accident: no text form, no pickle, no JSON, no comparison."""

from typing import NoReturn


class Secret:
    """Holds bytes that only :meth:`reveal` hands out; calls of it are limited to the few places that use secrets."""

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # equality would be an oracle, a hash a fingerprint

    def __init__(self, value: bytes) -> None:
        self._value = value

    def reveal(self) -> bytes:
        """The secret bytes."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("secrets are not compared: use hmac.compare_digest on what reveal() returns")

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are not serialised")
