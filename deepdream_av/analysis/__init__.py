"""What fires, and how good a dream is, in numbers."""
