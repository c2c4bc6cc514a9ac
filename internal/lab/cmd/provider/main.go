// Command provider is the provider as it is released, but for one thing: it tells whoever
// listens of each step and each refusal.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab/faults/link"
	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/provider"
)

func main() {
	before, after, refused := link.Report(os.Getenv(link.Variable))
	err := providerserver.Serve(
		context.Background(),
		provider.NewWatched("faults", before, after, refused),
		providerserver.ServeOpts{
			Address: "registry.terraform.io/etcdrecovery/etcdrecovery",
		},
	)
	if err != nil {
		log.Fatal(err)
	}
}
