# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_203_0_113_0_24_ec29ad697b" {
  name        = "intentc-default-from-203-0-113-0-24-ec29ad697b"
  description = "From 203.0.113.0/24 to nodes: direct connections"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "203.0.113.0/24",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["8080"]
  }
}

resource "google_compute_firewall" "from_pods_b7bfdbccab" {
  name        = "intentc-default-from-pods-b7bfdbccab"
  description = "From pods to nodes: direct connections"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = var.pod_cidrs

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["8080"]
  }
}
