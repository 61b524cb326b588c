# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_203_0_113_0_24_ec29ad697b.name,
    google_compute_firewall.from_pods_b7bfdbccab.name,
  ]
}
