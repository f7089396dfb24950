"""Protobuf <-> our own values, a file a proto; no decisions but the shape of the messages."""
