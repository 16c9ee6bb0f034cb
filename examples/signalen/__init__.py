"""Reports on public space: what a municipality tidies up after them."""
