"""The nouns that travel through the gateway: frozen, total, without I/O."""
