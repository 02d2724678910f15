"""A typed client of the engine's API."""
