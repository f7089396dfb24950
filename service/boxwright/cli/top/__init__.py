"""`boxwright top`: what a server does now, as its metrics tell."""
