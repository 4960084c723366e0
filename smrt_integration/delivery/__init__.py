"""Delivery: claim, load, build, pack, ship, settle, again until nothing is due. `deliver` reads it aloud."""
