# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_f417f7aaab" {
  name        = "intentc-eu-2-from-pods-f417f7aaab"
  description = "From pods to nodes: direct connections; name resolution | because: metrics; orders"
  project     = var.project
  network     = "vpc-eu"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "10.4.0.0/14",
  ]

  target_tags = [
    "eu-2-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["53", "5432", "6379", "9100"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
