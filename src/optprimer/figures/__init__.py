"""Figures: pure functions of the CSV tables."""
