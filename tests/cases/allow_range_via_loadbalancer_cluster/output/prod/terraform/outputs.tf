# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_203_0_113_0_24_acd833711e.name,
    google_compute_firewall.from_nodes_4b82c037df.name,
  ]
}
