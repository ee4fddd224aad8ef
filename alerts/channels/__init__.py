"""Ways to people: one file each; `registry` says which there are."""
