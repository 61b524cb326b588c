# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_google_health_checks_2f5fb945de" {
  name        = "intentc-staging-from-google-health-checks-2f5fb945de"
  description = "From google-health-checks to nodes: direct connections | owner: team-edge | because: container-native load balancing"
  project     = "net-staging"
  network     = "vpc-staging"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "35.191.0.0/16",
    "130.211.0.0/22",
  ]

  target_tags = [
    "gke-staging-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["8080"]
  }
}
