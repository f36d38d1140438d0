"""The files of a manifest; apart, since those who look for one need not know how it is made."""

MANIFEST = "manifest.json"
CRATE = "ro-crate-metadata.json"
