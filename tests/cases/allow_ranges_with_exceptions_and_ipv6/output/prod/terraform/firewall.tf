# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_2001_db8_48_ipv6_5755b69049" {
  name        = "intentc-prod-from-2001-db8-48-ipv6-5755b69049"
  description = "From 2001:db8::/48 to nodes: direct connections"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "2001:db8::/48",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["8443"]
  }
}

resource "google_compute_firewall" "from_203_0_113_7_32_ea08039c06" {
  name        = "intentc-prod-from-203-0-113-7-32-ea08039c06"
  description = "From 203.0.113.7/32 to nodes: direct connections"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "203.0.113.7/32",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["8443"]
  }
}

resource "google_compute_firewall" "from_pods_d1e5e7200b" {
  name        = "intentc-prod-from-pods-d1e5e7200b"
  description = "From pods to nodes: name resolution"
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
    ports    = ["53"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
