"""Hostile input: one table of targets, run coverage-guided (atheris), by hypothesis, and over mutated real files."""
