"""The public test kit: a clock that obeys, contract checks, and a throw-away target."""
