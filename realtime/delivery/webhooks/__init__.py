"""Events on their way to the marketplace's own endpoints."""
