# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_a19ae41a6f" {
  name        = "intentc-us-2-from-pods-a19ae41a6f"
  description = "From pods to nodes: direct connections | because: metrics; orders"
  project     = var.project
  network     = "vpc-us"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "10.12.0.0/14",
  ]

  target_tags = [
    "us-2-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["5432", "9100"]
  }
}
