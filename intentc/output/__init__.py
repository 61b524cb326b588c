"""The write stage: artifacts become an output directory, all of them or none."""
