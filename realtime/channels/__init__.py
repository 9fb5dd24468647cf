"""Who listens to what: the hub and the bus that joins nodes."""
