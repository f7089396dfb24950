"""Receptive fields of ONNX graphs, from nothing but the graph; the only part that needs `onnx`.

    analysis      what to call: `measure` and `intervals`
    probe         how large an input shows what was asked for
    walk          runs over the nodes that a tensor depends on
    rules/        what each operator does to the positions that its inputs see
    known         values that do not depend on the image's pixels
    tensor        a tensor whose elements see parts of the image: layout and terms
    term, span    what the elements see, as arrays that vary only where they must
    runs          the one primitive: hulls over runs of positions
    level         from such a tensor to a field
    periodic      from intervals to their periodic form

What is followed is the structure of the graph, never the values of weights: an element is taken to
see another wherever the operator connects them, even through a weight that happens to be 0.
"""
