"""Pixel data: stored values, modality values, display values."""
