"""Check: texts → one bundle, or every located problem at once; schemas, warnings and digests."""
