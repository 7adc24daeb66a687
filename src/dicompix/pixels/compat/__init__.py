"""pydicom.pixels' names and keywords, mapped onto our one path."""
