"""A file -> the same file in another transfer syntax, frame by frame."""
