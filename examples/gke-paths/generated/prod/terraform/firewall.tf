# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_203_0_113_0_24_acd833711e" {
  name        = "intentc-prod-from-203-0-113-0-24-acd833711e"
  description = "From 203.0.113.0/24 to nodes: nodePort"
  project     = "net-prod"
  network     = "vpc-prod"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "203.0.113.0/24",
  ]

  target_tags = [
    "gke-prod-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["30444"]
  }
}

resource "google_compute_firewall" "from_nodes_4b82c037df" {
  name        = "intentc-prod-from-nodes-4b82c037df"
  description = "From nodes to nodes: direct connections; nodePort"
  project     = "net-prod"
  network     = "vpc-prod"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "192.168.64.0/19",
  ]

  target_tags = [
    "gke-prod-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["8443"]
  }
}

resource "google_compute_firewall" "from_pods_d1e5e7200b" {
  name        = "intentc-prod-from-pods-d1e5e7200b"
  description = "From pods to nodes: direct connections; hostNetwork; hostPort; name resolution; nodePort"
  project     = "net-prod"
  network     = "vpc-prod"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "100.64.0.0/14",
  ]

  target_tags = [
    "gke-prod-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["53", "8443", "9100", "18443", "30443", "30445"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
