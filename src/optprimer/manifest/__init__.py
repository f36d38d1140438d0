"""The record of a run: what it was asked for, on what it ran, what it made, and what that took."""
