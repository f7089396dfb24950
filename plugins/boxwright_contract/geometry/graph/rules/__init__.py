"""What each operator does to the positions that its inputs see; `table` tells which rule is whose.

A rule takes a node and returns the tensor that all of its outputs are, or one for each output. It
raises BadInput, whose message goes on from "node ...: ".
"""
