"""How a minted credential reaches the command it was minted for."""
