"""Notebooks: what an image shows of itself, its viewer, its plot; in a real JupyterLab and a real browser."""
