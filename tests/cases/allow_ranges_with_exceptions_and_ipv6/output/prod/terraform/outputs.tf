# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_2001_db8_48_ipv6_5755b69049.name,
    google_compute_firewall.from_203_0_113_7_32_ea08039c06.name,
    google_compute_firewall.from_pods_d1e5e7200b.name,
  ]
}
