"""Training: one resumable, deterministic loop for every study."""
