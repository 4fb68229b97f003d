"""The staff console at /console/: what staff see and do, by their role."""
