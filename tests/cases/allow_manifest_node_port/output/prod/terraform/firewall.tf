# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_d1e5e7200b" {
  name        = "intentc-prod-from-pods-d1e5e7200b"
  description = "From pods to nodes: name resolution; nodePort"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "100.64.0.0/14",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["53", "8080", "30080"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
