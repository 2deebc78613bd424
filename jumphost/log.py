"""The operator's log on stderr, one chain for our own lines and those of libraries.

What a line may hold is up to who writes it: ids, codes, counts, reasons; never a command's text or a secret. What it
cannot hold by its making: values of local variables, and characters that draw on a terminal.
"""

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

Format = Literal["console", "json"]

# asyncio says it for each write after the fifth to a peer that is gone (asyncio.constants, LOG_THRESHOLD)
_FLOOD = ("asyncio", "socket.send() raised exception.")


def configure(level: str, form: Format) -> None:
    """From now on lines of ``level`` (debug, info, warning or error) and above; of libraries no less than warnings."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,  # the plain traceback: others show locals
            *([structlog.processors.JSONRenderer()] if form == "json" else [_printable, _console()]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[_Libraries()])


class _Libraries(logging.Handler):
    """Lines of the standard library's logging."""

    def emit(self, record: logging.LogRecord) -> None:
        said = record.getMessage()
        if (record.name, said) != _FLOOD:
            structlog.get_logger().log(record.levelno, record.name, message=said, exc_info=record.exc_info)


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, repr_native_str=True
    )


def _printable(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """``repr_native_str`` sees to all values but the traceback, whose last line has the text of an exception."""
    if traceback := line.get("exception"):
        line["exception"] = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in traceback)
    return line
