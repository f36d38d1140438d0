"""Networks of the chapter."""
