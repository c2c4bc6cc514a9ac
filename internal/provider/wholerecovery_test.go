//go:build linux && whole

package provider_test

import (
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

var noChanges = resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}

// TestRecover brings back a cluster that has lost its majority, as Terraform's own test framework sees it, and plans
// again: no changes. A client writes from the moment the seed is up until the last member is in, and sees no outage.
func TestRecover(t *testing.T) {
	l, keys := start(t, lab.Options{Etcd: "3.7"})
	loseMajority(t, l)
	config := surveyBlock(l) + seedBlock() + chain(l)
	begun := make(chan *lab.Writer, 1)
	go func() { begun <- writeOnceUp(t.Context(), t, l) }()
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config, Check: func(s *terraform.State) error {
				wantNoForceFlag(t, l)
				for name, r := range s.RootModule().Resources {
					if a := r.Primary.Attributes; strings.HasPrefix(name, "etcdrecovery_") {
						wantPlannedManifest(t, name, a["manifest_path"], a["manifest"])
					}
				}
				return nil
			}},
			{Config: config, ConfigPlanChecks: noChanges},
		},
	})
	writes := writesOf(t, begun)
	wantAllWrites(t, l, writes)
	wantKeys(t, l, wantCounted(t, l, keys, writes))
}
