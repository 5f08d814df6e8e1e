"""A map that is linear near each of a few centres, fitted to distances."""
