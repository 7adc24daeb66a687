"""Snippets that several tests run."""
