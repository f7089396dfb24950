"""Detectors in the form that is exported: the same parameters, no data-dependent shapes.

Torchvision's eager detectors filter, and so their tensors have as many rows as were found. Here
every tensor keeps its rows, what was dropped is marked by its score, and results are padded to a
fixed size. Modules of this package answer only in an exported graph: in eager torch the ONNX
operators among them return zeros. Imported inside plugins' functions, never when they load.

Shape shorthand in this package:

    N: images in a batch          H, W: height and width of a canvas, in pixels
    L: levels of the neck         C: channels of a level
    S: candidates to choose from  K: classes, background not counted
    P: proposals of an image      D: most detections of an image
"""

DROPPED = -1.0
"""The score of a row that holds nothing. Real scores are at least 0."""
