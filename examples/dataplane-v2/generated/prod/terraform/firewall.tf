# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_nodes_4b82c037df" {
  name        = "intentc-prod-from-nodes-4b82c037df"
  description = "From nodes to nodes: direct connections; nodePort"
  project     = "net-prod"
  network     = "vpc-prod"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "10.128.0.0/20",
  ]

  target_tags = [
    "gke-prod-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["8443", "9090"]
  }
}

resource "google_compute_firewall" "from_pods_d1e5e7200b" {
  name        = "intentc-prod-from-pods-d1e5e7200b"
  description = "From pods to nodes: direct connections; name resolution; nodePort"
  project     = "net-prod"
  network     = "vpc-prod"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "10.4.0.0/14",
  ]

  target_tags = [
    "gke-prod-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["53", "5432", "30443"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
