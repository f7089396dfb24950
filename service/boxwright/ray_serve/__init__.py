"""A server as a replica of Ray Serve, which spreads many of them over machines.

The calls go the way that they go in a server of its own: the same services behind the same
interceptors, over the same core. What differs is who receives them. Needs `boxwright[ray]`; only
functions import ray, so that whoever lists modules needs none.
"""
