# Written by intentc. Change the intents, not this file.

output "firewall_rules" {
  description = "The names of the firewall rules."
  value = [
    google_compute_firewall.from_internet_feb325738a.name,
    google_compute_firewall.from_internet_ipv6_b8b930a698.name,
  ]
}
