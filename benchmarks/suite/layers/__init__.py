"""Modelling layers, each building the same programme from ready data."""
