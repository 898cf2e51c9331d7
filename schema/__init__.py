"""The GraphQL edge: one file per noun, over the faces of the marketplace packages."""
