"""What proves afterwards that records are what they were: signatures and seals."""
