# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_nodes_4b82c037df" {
  name        = "intentc-prod-from-nodes-4b82c037df"
  description = "From nodes to nodes: direct connections"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "192.168.64.0/19",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["8443"]
  }
}
