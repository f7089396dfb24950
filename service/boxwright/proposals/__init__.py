"""Where models that need region proposals are to look."""
