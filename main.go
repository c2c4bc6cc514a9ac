// Terraform provider etcdrecovery: rebuilds etcd after its majority is lost for good.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/provider"
)

// Set by the release build.
var (
	version = "dev"
	commit  = ""
)

func main() {
	debug := flag.Bool("debug", false, "run so that a debugger can attach")
	flag.Parse()
	if commit != "" {
		version += "+" + commit
	}
	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/etcdrecovery/etcdrecovery",
		Debug:   *debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
