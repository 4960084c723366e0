"""What `make run` shows: three made-up businesses, and a simulation of their staff, drivers and customers."""
