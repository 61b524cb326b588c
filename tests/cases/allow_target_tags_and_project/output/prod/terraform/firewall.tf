# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_d1e5e7200b" {
  name        = "intentc-prod-from-pods-d1e5e7200b"
  description = "From pods to nodes: direct connections; name resolution"
  project     = "net-prod"
  network     = "vpc-prod"
  direction   = "INGRESS"
  priority    = 900

  source_ranges = [
    "100.64.0.0/14",
  ]

  target_tags = [
    "gke-prod-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["53", "5432"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
