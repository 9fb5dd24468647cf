"""What nobody would send: damaged frames, and all that the API's description allows or forbids."""
