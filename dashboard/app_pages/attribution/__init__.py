"""The start page: which input pixels made this place?"""
