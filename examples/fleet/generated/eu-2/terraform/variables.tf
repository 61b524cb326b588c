# Written by intentc. What the cluster's profile does not state is given here.

variable "project" {
  description = "The ID of the Google Cloud project that holds the network."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z][-.a-z0-9]*:)?[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "A project ID is needed, such as net-prod: 6 to 30 lower-case letters, digits and dashes."
  }
}
