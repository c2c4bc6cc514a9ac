//go:build linux

package provider_test

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

func TestRecoverChain(t *testing.T) {
	for _, c := range []struct {
		name string
		lab  lab.Options
	}{
		{"3 masters, etcd 3.7", lab.Options{Etcd: "3.7"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, keys := start(t, c.lab)
			loseMajority(t, l)
			config := surveyBlock(l) + seedBlock() + chain(l)
			resource.Test(t, resource.TestCase{
				ProtoV6ProviderFactories: factories,
				Steps: []resource.TestStep{
					{Config: config, Check: func(*terraform.State) error { wantKeys(t, l, keys); return nil }},
					{Config: config, ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}}},
				},
			})
		})
	}
}
