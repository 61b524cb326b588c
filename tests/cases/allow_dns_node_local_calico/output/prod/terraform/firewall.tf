# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_d1e5e7200b" {
  name        = "intentc-prod-from-pods-d1e5e7200b"
  description = "From pods to nodes: direct connections; name resolution"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = var.pod_cidrs

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["53", "5432"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
