"""Three nodes of the real code in one process, in a world of chance: everything from one seed."""
