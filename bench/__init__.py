"""Measurements of Forward Pass beside the usual design, in the same run; `python -m bench`."""
