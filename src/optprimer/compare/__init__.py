"""Is a run the reference again? Tables compared row by row, and by what they say where machines differ."""
