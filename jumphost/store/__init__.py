"""The durable store: one writer thread, group commit, migrations."""
