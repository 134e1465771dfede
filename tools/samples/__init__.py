"""A small renderer of facades, roofs, plants and print: it drew the samples that ship."""
