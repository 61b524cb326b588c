// Command server is argocd-cmp-server: https://argo-cd.readthedocs.io/en/stable/operator-manual/config-management-plugins/
package main

import (
	"os"

	"github.com/argoproj/argo-cd/v3/cmd/argocd-cmp-server/commands"
)

func main() {
	if err := commands.NewCommand().Execute(); err != nil {
		os.Exit(1)
	}
}
