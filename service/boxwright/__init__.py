"""The detection service: gRPC in front, ONNX Runtime behind, never torch."""

import os

import boxwright_contract  # noqa: F401  It sets ORT_DISABLE_TELEMETRY before onnxruntime is imported.

# Or gRPC tells each failed handshake of whoever knocks, in lines that no log format has.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
