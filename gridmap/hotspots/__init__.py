"""Densities, clusters, trends and their proof: arrays and frames in, frames out."""
