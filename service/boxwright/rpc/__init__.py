"""The gRPC edge: one file a service, one place for protobuf, one for statuses."""
