"""The rooms behind compare.py."""
