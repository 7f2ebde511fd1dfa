"""Data to learn from: folders of recordings and photos, and music made by code."""
