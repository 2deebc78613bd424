"""Who a caller is: the verified certificate, the registry of machine identities, revocation."""
