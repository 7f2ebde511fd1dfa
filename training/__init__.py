"""Training of the networks that the package ships, and of your own. Each module runs as `python -m training.X`."""
