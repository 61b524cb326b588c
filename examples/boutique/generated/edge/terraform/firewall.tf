# Written by intentc. Change the intents, not this file.

resource "google_compute_firewall" "from_internet_f2210dd11c" {
  name        = "intentc-edge-from-internet-f2210dd11c"
  description = "From internet to nodes: load balancer | owner: team-edge | because: frontend-external"
  project     = "net-edge"
  network     = "vpc-edge"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "1.0.0.0/8",
    "2.0.0.0/7",
    "4.0.0.0/6",
    "8.0.0.0/7",
    "11.0.0.0/8",
    "12.0.0.0/6",
    "16.0.0.0/4",
    "32.0.0.0/3",
    "64.0.0.0/3",
    "96.0.0.0/6",
    "100.0.0.0/10",
    "100.128.0.0/9",
    "101.0.0.0/8",
    "102.0.0.0/7",
    "104.0.0.0/5",
    "112.0.0.0/5",
    "120.0.0.0/6",
    "124.0.0.0/7",
    "126.0.0.0/8",
    "128.0.0.0/3",
    "160.0.0.0/5",
    "168.0.0.0/8",
    "169.0.0.0/9",
    "169.128.0.0/10",
    "169.192.0.0/11",
    "169.224.0.0/12",
    "169.240.0.0/13",
    "169.248.0.0/14",
    "169.252.0.0/15",
    "169.255.0.0/16",
    "170.0.0.0/7",
    "172.0.0.0/12",
    "172.32.0.0/11",
    "172.64.0.0/10",
    "172.128.0.0/9",
    "173.0.0.0/8",
    "174.0.0.0/7",
    "176.0.0.0/4",
    "192.0.1.0/24",
    "192.0.2.0/23",
    "192.0.4.0/22",
    "192.0.8.0/21",
    "192.0.16.0/20",
    "192.0.32.0/19",
    "192.0.64.0/18",
    "192.0.128.0/17",
    "192.1.0.0/16",
    "192.2.0.0/15",
    "192.4.0.0/14",
    "192.8.0.0/13",
    "192.16.0.0/12",
    "192.32.0.0/11",
    "192.64.0.0/10",
    "192.128.0.0/11",
    "192.160.0.0/13",
    "192.169.0.0/16",
    "192.170.0.0/15",
    "192.172.0.0/14",
    "192.176.0.0/12",
    "192.192.0.0/10",
    "193.0.0.0/8",
    "194.0.0.0/7",
    "196.0.0.0/7",
    "198.0.0.0/12",
    "198.16.0.0/15",
    "198.20.0.0/14",
    "198.24.0.0/13",
    "198.32.0.0/11",
    "198.64.0.0/10",
    "198.128.0.0/9",
    "199.0.0.0/8",
    "200.0.0.0/5",
    "208.0.0.0/4",
  ]

  target_tags = [
    "gke-edge-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["80"]
  }
}

resource "google_compute_firewall" "from_internet_ipv6_b2d1ac3fb9" {
  name        = "intentc-edge-from-internet-ipv6-b2d1ac3fb9"
  description = "From internet to nodes: load balancer | owner: team-edge | because: frontend-external"
  project     = "net-edge"
  network     = "vpc-edge"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "2000::/16",
    "2001::/21",
    "2001:800::/22",
    "2001:c00::/24",
    "2001:d00::/25",
    "2001:d80::/27",
    "2001:da0::/28",
    "2001:db0::/29",
    "2001:db9::/32",
    "2001:dba::/31",
    "2001:dbc::/30",
    "2001:dc0::/26",
    "2001:e00::/23",
    "2001:1000::/20",
    "2001:2000::/19",
    "2001:4000::/18",
    "2001:8000::/17",
    "2002::/15",
    "2004::/14",
    "2008::/13",
    "2010::/12",
    "2020::/11",
    "2040::/10",
    "2080::/9",
    "2100::/8",
    "2200::/7",
    "2400::/6",
    "2800::/5",
    "3000::/4",
  ]

  target_tags = [
    "gke-edge-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["80"]
  }
}

resource "google_compute_firewall" "from_pods_75ac94e9dc" {
  name        = "intentc-edge-from-pods-75ac94e9dc"
  description = "From pods to nodes: direct connections; name resolution | owner: team-edge; team-shop | because: an order is placed; an order needs prices, cart and freight; carts are kept in redis; pages show products, prices and the cart"
  project     = "net-edge"
  network     = "vpc-edge"
  direction   = "INGRESS"
  priority    = 1000

  source_ranges = [
    "10.60.0.0/16",
  ]

  target_tags = [
    "gke-edge-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["53", "3550", "5050", "6379", "7000", "7070", "8080", "9555", "50051"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}

resource "google_compute_firewall" "to_pods_454ecac466" {
  name        = "intentc-edge-to-pods-454ecac466"
  description = "From nodes to pods: direct connections; name resolution | owner: team-edge; team-shop | because: an order is placed; an order needs prices, cart and freight; carts are kept in redis; pages show products, prices and the cart"
  project     = "net-edge"
  network     = "vpc-edge"
  direction   = "EGRESS"
  priority    = 1000

  destination_ranges = [
    "10.60.0.0/16",
  ]

  target_tags = [
    "gke-edge-node",
  ]

  allow {
    protocol = "tcp"
    ports    = ["53", "3550", "5050", "6379", "7000", "7070", "8080", "9555", "50051"]
  }

  allow {
    protocol = "udp"
    ports    = ["53"]
  }
}
