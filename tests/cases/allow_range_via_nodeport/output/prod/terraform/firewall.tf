# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_203_0_113_0_24_acd833711e" {
  name        = "intentc-prod-from-203-0-113-0-24-acd833711e"
  description = "From 203.0.113.0/24 to nodes: nodePort"
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
    ports    = ["30443"]
  }
}

resource "google_compute_firewall" "from_nodes_4b82c037df" {
  name        = "intentc-prod-from-nodes-4b82c037df"
  description = "From nodes to nodes: nodePort"
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
