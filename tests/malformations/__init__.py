"""Files that break the rules in known ways, each with its right answer: what dirty archives hold."""
