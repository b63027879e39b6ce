"""Files in, frames out, and back: one module per family of formats."""
