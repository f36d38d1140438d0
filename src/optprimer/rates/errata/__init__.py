"""What the chapter misprints, each beside the number that tells it from what is right."""
