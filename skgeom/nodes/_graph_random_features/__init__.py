"""Features of nodes whose inner products are a kernel: walks and pushes."""
