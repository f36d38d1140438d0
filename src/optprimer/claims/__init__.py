"""The claims stage: a registry of the statements of the chapter, and their verdicts, from tables alone."""
