"""The detection service: gRPC in front, ONNX Runtime behind, never torch."""

import boxwright_contract  # noqa: F401  It sets ORT_DISABLE_TELEMETRY before onnxruntime is imported.
