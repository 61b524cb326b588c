# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_pods_d1e5e7200b.name,
    google_compute_firewall.to_203_0_113_0_24_9d87be9068.name,
    google_compute_firewall.to_control_plane_96efba0739.name,
    google_compute_firewall.to_pods_47f5252abe.name,
  ]
}
