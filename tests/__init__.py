"""The tests mirror the tree: one file per verb."""
