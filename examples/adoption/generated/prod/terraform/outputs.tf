# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_nodes_4b82c037df.name,
    google_compute_firewall.from_pods_d1e5e7200b.name,
  ]
}
