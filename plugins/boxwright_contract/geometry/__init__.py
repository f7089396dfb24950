"""Exact shapes and receptive fields: of layer stacks, of ONNX graphs, and of regions on a canvas.

    field      what the cells of a feature map see, as frozen values
    layers     the layers of a stack, as frozen values
    notation/  a short text for stacks
    examples   networks of papers, as stacks
    stack      shapes, costs and fields of a stack, layer by layer
    backwards  from what is wanted back to the layers or the input that give it
    matrix     a convolution as the sparse matrix that it is
    regions    which cells see what of a canvas
    graph/     the same fields from an exported ONNX graph; the only part that needs `onnx`

Nothing here needs torch.
"""
