"""The journal, and the questions an auditor asks of it."""
