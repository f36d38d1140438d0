"""Settings: the schema, its checks and its documentation."""
