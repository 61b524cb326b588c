# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_internet_f2210dd11c.name,
    google_compute_firewall.from_internet_ipv6_b2d1ac3fb9.name,
    google_compute_firewall.from_pods_75ac94e9dc.name,
    google_compute_firewall.to_pods_454ecac466.name,
  ]
}
