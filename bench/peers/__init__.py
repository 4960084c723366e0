"""The designs to compare with, each written as well as its usual author would."""
