"""Is a plugin what it says it is? One check for each thing that is asked of it.

A check is a function from a specimen to an outcome. `suites` lists them for each kind of part.
"""
