"""Speed and memory as ratios to pydicom and to the bare codecs: `nox -s bench`; the plain test run leaves them out."""
