"""What the cells of a served model see of an image as it was sent."""
