"""Masks named columns in what database clients print: tables, records, delimited text, JSON and markup."""

from jumphost.masking.columns.scanner import ColumnScanner

__all__ = ["ColumnScanner"]
