"""The closed list of reasons why what a command would run is not known from its text.

Append-only: a policy or an auditor may name any of them. The first four groups end the literal tier; those of the last
group stand beside a text that was read to its end, but runs code that is not in it.
"""

from enum import StrEnum


class Opaque(StrEnum):
    """Each value is what ``command.opaque`` holds; EXEC_WRAPPER and INTERPRETER are followed by ``:NAME``."""

    # the bytes
    TOO_LONG = "too_long"
    INVALID_UTF8 = "invalid_utf8"
    NUL_BYTE = "nul_byte"
    CONTROL_CHAR = "control_char"  # C0 and C1 but tab and newline, DEL
    INVISIBLE_UNICODE = "invisible_unicode"  # formats, odd blanks, fillers, private use, unassigned

    # the form
    EMPTY = "empty"  # no command at all
    SYNTAX = "syntax"  # no shell would take it
    TOO_COMPLEX = "too_complex"
    COMMENT = "comment"
    COMMENT_CONTINUATION = "comment_continuation"  # a comment that ends in a backslash: parsers differ, shells do not
    CONTINUATION = "continuation"  # a backslash at a line's end within a word or double quotes
    HEREDOC = "heredoc"
    REDIRECT = "redirect"  # a form that shells read differently: 12>x, >&x, &>x, |&
    BACKGROUND = "background"  # & or a job by number
    SUBSHELL = "subshell"
    RESERVED_WORD = "reserved_word"
    FUNCTION = "function"
    COPROC = "coproc"

    # the words
    PARAM = "param"
    CMDSUBST = "cmdsubst"
    ARITH = "arith"
    PROCSUBST = "procsubst"
    DOLLAR_QUOTE = "dollar_quote"  # $'…' and $"…"
    GLOB = "glob"
    BRACE = "brace"
    TILDE = "tilde"
    EQUALS = "equals"  # zsh reads =NAME as the path of NAME
    HISTORY = "history"  # ! or ^ where some shell gives it a meaning
    ASSIGNMENT = "assignment"  # variables set for no program, or a name that is none
    EMPTY_PROGRAM = "empty_program"

    # what the words do
    EVAL = "eval"
    SOURCE_FILE = "source_file"
    ALIAS = "alias"
    HASH = "hash"
    TRAP = "trap"
    ENABLE = "enable"
    BIND = "bind"
    COMPGEN = "compgen"
    FC = "fc"
    MAPFILE_CALLBACK = "mapfile_callback"
    SHELL_OPTION = "shell_option"
    SHELL_VARIABLE = "shell_variable"  # sets variables of the shell from data that is not in the text
    ARITH_EVAL = "arith_eval"  # bash evaluates the subscript of an array element, commands in it too
    DECLARE_ATTR = "declare_attr"  # -i and -n make later values code or names
    EXEC_WRAPPER = "exec_wrapper"
    SQL_OPAQUE = "sql_opaque"  # of a client of a database: ``command.sql`` says why

    # what only the structured tier meets
    TOO_DEEP = "too_deep"
    PARSER_TIMEOUT = "parser_timeout"
    PARSER_FAILED = "parser_failed"  # it ended or answered otherwise than it should
    DYNAMIC_PROGRAM = "dynamic_program"
    INDIRECT_EXPANSION = "indirect_expansion"  # ${!x}
    PARAM_TRANSFORM = "param_transform"  # ${x@P}

    # what a program hides that runs another
    SHELL_STDIN = "shell_stdin"  # a shell reads its commands from its input
    SHELL_SCRIPT_FILE = "shell_script_file"
    INTERACTIVE_SHELL = "interactive_shell"
    RCFILE = "rcfile"  # a shell runs a start file first, or is whatever shell a user has
    DYNAMIC_CODE = "dynamic_code"  # a text for a shell is not known
    INTERPRETER = "interpreter"
    AWK_CODE = "awk_code"
    SED_CODE = "sed_code"
    SED_FILE = "sed_file"
    ENV_SPLIT = "env_split"
    XARGS_PROGRAM = "xargs_program"
    MAKEFILE = "makefile"


class NotLiteral(ValueError):
    """The text is not of the literal tier: ``reason``, found at character ``at``."""

    def __init__(self, reason: Opaque, at: int = 0) -> None:
        super().__init__(f"{reason.value} at character {at}")
        self.reason = reason
        self.at = at
