"""The process that alone holds the CA keys, and the way to ask it."""
