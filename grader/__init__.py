"""Judges submissions: loads tasks, drives lanes, runs hidden tests, counts points, writes reports."""

__version__ = "0.1.0"
