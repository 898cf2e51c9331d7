"""One folder a noun, one file a verb."""
