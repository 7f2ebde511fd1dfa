"""Between sound and picture: what is heard, and what it does to what is seen."""
