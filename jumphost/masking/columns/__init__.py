"""Masks named columns in what database clients print: tables, records, delimited text, JSON and markup."""
