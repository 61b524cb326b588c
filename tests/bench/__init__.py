"""How long a build takes, as ratios to work that everybody can judge; nothing here is an absolute time."""
