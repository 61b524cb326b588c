# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_f6edd063d4" {
  name        = "intentc-us-1-from-pods-f6edd063d4"
  description = "From pods to nodes: direct connections | because: metrics; orders"
  project     = var.project
  network     = "vpc-us"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "10.8.0.0/14",
  ]

  target_tags = [
    "us-1-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["5432", "9100"]
  }
}
