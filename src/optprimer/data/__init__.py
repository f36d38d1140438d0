"""Data: from an archive to memory-mapped arrays and a record of where they came from."""
