"""DICOM files -> pictures, arrays, volumes and films of them, whole folders of files in parallel."""
