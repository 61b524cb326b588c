# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_0171bc6ad5" {
  name        = "intentc-eu-1-from-pods-0171bc6ad5"
  description = "From pods to nodes: direct connections; name resolution | because: metrics; orders"
  project     = var.project
  network     = "vpc-eu"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "10.0.0.0/14",
  ]

  target_tags = [
    "eu-1-node",
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
