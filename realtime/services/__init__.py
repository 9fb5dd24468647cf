"""Use cases, one transaction each, for API and gateway alike."""
