"""Sweeps: what happens without a save. Set-based SQL over many businesses, each in its own days; due is computed, never remembered by
a clock, so hours in which nothing ran are caught up and running twice finds nothing."""
