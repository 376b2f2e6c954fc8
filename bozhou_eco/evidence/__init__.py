"""Sealing of files: SHA-256 at birth, manifest, chain, signature, bundle, verifier."""
