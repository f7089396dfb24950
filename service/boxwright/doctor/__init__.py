"""Looks at a machine, and tells what will and will not work when it serves. Changes nothing."""
