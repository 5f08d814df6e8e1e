"""Features of nodes, averaged over their neighbourhoods."""
