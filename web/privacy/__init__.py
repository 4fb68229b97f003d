"""What protects visitors: masking, the record of who saw what, retention, erasure, encryption."""
