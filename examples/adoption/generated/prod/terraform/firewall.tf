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
    ports    = ["8080"]
  }
}

resource "google_compute_firewall" "from_pods_d1e5e7200b" {
  name        = "intentc-prod-from-pods-d1e5e7200b"
  description = "From pods to nodes: direct connections; name resolution"
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
    ports    = ["53", "6379", "8080", "9090"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
