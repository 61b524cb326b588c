# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_google_health_checks_d2a4701cc8.name,
  ]
}
