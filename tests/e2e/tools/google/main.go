// Command terraform-provider-google serves the resources of Google's provider, of the last release that is a Go
// module others can require, over the protocol that Terraform 0.12 and later speak.
package main

import (
	"github.com/hashicorp/terraform/plugin"
	"github.com/hashicorp/terraform/terraform"
	"github.com/terraform-providers/terraform-provider-google/google"
)

func main() {
	plugin.Serve(&plugin.ServeOpts{ProviderFunc: func() terraform.ResourceProvider { return google.Provider() }})
}
