"""The schema's history; ``storage.migrate`` walks it."""
