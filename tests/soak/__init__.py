"""Load: many frames of many files, by many threads, for a long time."""
