# Written by intentc. Change the intents, not this file.

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
    ports    = ["53", "5432"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}

resource "google_compute_firewall" "to_203_0_113_0_24_9d87be9068" {
  name        = "intentc-prod-to-203-0-113-0-24-9d87be9068"
  description = "From nodes to 203.0.113.0/24: direct connections"
  project     = var.project
  network     = var.network
  direction   = "EGRESS"
  priority    = 1000

  destination_ranges = [
    "203.0.113.0/24",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "to_control_plane_96efba0739" {
  name        = "intentc-prod-to-control-plane-96efba0739"
  description = "From nodes to control-plane: direct connections"
  project     = var.project
  network     = var.network
  direction   = "EGRESS"
  priority    = 1000

  destination_ranges = [
    "172.16.0.2/32",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["443"]
  }
}

resource "google_compute_firewall" "to_pods_47f5252abe" {
  name        = "intentc-prod-to-pods-47f5252abe"
  description = "From nodes to pods: direct connections; name resolution"
  project     = var.project
  network     = var.network
  direction   = "EGRESS"
  priority    = 1000

  destination_ranges = [
    "100.64.0.0/14",
  ]

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
