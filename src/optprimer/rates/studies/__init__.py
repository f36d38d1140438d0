"""Studies: one question each, from runs to rows of tables."""
