# Written by intentc. What the cluster's profile does not state is given here.

variable "network" {
  description = "The name or the self link of the network the cluster nodes are in."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([^[:space:]]+/)?[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", var.network))
    error_message = "A network name such as vpc-prod is needed, or a self link that ends in one."
  }
}

variable "project" {
  description = "The ID of the Google Cloud project that holds the network."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][-.a-z0-9]*:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "A project ID is needed, such as net-prod: 6 to 30 lower-case letters, digits and dashes."
  }
}

variable "target_tags" {
  description = "Network tags that all nodes of the cluster carry, and no other machine."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.target_tags) >= 1 && length(var.target_tags) <= 70
    error_message = "1 to 70 tags are needed: a rule without a target holds for every machine of the network."
  }

  validation {
    condition     = alltrue([for tag in var.target_tags : can(regex("^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$", tag))])
    error_message = "A tag is 1 to 63 lower-case letters, digits and dashes; a letter comes first, no dash last."
  }
}
