"""Pure rules of the marketplace conversation: standard library only, no clock, no await."""
