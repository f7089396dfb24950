"""The models that are served: on disk, at one moment, and as they come and go."""
