"""What the import knows of India, as data."""
