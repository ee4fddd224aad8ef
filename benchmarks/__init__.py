"""Measurements that the docs quote; nothing here is imported by the program."""
