"""The designs that the benchmark compares with, each written as carefully as usual."""
