"""What is served over HTTPS: certificates for tokens."""
