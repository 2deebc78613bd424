"""The OPA engine: a managed child or a remote server that judges the documents our workers make."""
