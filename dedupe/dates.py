"""placeholder: owned by the reader"""
