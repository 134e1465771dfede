"""The start page: the input pixels that a window of the SR image depends on."""
