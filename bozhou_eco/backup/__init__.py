"""Backup and restore: one encrypted archive of the database and the evidence originals."""
