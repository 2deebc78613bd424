"""Sessions as asciicast v2 files: encoding, writing, replaying."""
