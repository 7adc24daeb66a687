"""What several tests share: golden streams, cases for codecs, builders of data sets and files."""
