"""What nobody would send: real frames, mutated at random from a seed, and what comes of them."""
