"""Does a graph answer in ONNX Runtime as its network does in torch? Asked before it is kept."""
