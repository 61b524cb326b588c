# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_pods_b7bfdbccab" {
  name        = "intentc-default-from-pods-b7bfdbccab"
  description = "From pods to nodes: direct connections; name resolution"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = var.pod_cidrs

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["53", "5432", "9187"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
