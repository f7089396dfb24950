"""Who may ask, and over what: certificates and tokens."""
