"""Torch modules that plugins share. Imported inside their functions, never when they load."""
