// Command client asks a config management plugin server what the repository server of Argo CD asks it: whether
// the plugin matches an application, and for its manifests. It sends the folder as that server does.
//
//	client SOCKET ROOT APP [NAME=VALUE...]
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/argoproj/argo-cd/v3/cmpserver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/cmp"
)

type answer struct {
	Supported bool     `json:"supported"`
	Manifests []string `json:"manifests"`
	Error     string   `json:"error"`
}

func main() {
	found, err := ask(os.Args[1], os.Args[2], os.Args[3], os.Args[4:])
	if err != nil {
		found.Error = err.Error()
	}
	text, err := json.Marshal(found)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}

func ask(socket, root, app string, environment []string) (answer, error) {
	var found answer
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	connection, client, err := apiclient.NewConfigManagementPluginClientSet(socket).NewConfigManagementPluginClient()
	if err != nil {
		return found, err
	}
	defer connection.Close()
	path := filepath.Join(root, app)
	match, err := client.MatchRepository(ctx)
	if err != nil {
		return found, err
	}
	if err := cmp.SendRepoStream(ctx, path, root, match, environment, nil); err != nil {
		return found, err
	}
	matched, err := match.CloseAndRecv()
	if err != nil {
		return found, err
	}
	found.Supported = matched.IsSupported
	generate, err := client.GenerateManifest(ctx)
	if err != nil {
		return found, err
	}
	if err := cmp.SendRepoStream(ctx, path, root, generate, environment, nil); err != nil {
		return found, err
	}
	made, err := generate.CloseAndRecv()
	if err != nil {
		return found, err
	}
	found.Manifests = made.Manifests
	return found, nil
}
