# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_google_health_checks_d2a4701cc8" {
  name        = "intentc-prod-from-google-health-checks-d2a4701cc8"
  description = "From google-health-checks to nodes: direct connections"
  project     = var.project
  network     = var.network
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "35.191.0.0/16",
    "130.211.0.0/22",
  ]

  target_tags = var.target_tags

  allow {
    protocol = "tcp"
    ports    = ["8080"]
  }
}
