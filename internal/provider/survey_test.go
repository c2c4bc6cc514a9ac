//go:build linux

package provider_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// TestSurvey reads a cluster that is well, and refuses a master that is given under two names.
func TestSurvey(t *testing.T) {
	l, _ := start(t, lab.Options{Masters: 1})
	m1 := l.Master("m1")
	twice := providerBlock(
		l,
	) + "data \"etcdrecovery_survey\" \"masters\" {\n  nodes = {\n" + nodeBlock(
		m1,
	) + strings.Replace(
		nodeBlock(m1),
		"m1 =",
		"again =",
		1,
	) + "  }\n}\n"
	name := "data.etcdrecovery_survey.masters"
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: twice, ExpectError: regexp.MustCompile(`(?s)A Node Is Given Twice.*again and m1 are both at`)},
			{Config: surveyBlock(l), Check: resource.ComposeAggregateTestCheckFunc(
				resource.TestCheckResourceAttr(name, "nodes.m1.ssh", "reached"),
				resource.TestCheckResourceAttr(name, "nodes.m1.problems.#", "0"),
				resource.TestCheckResourceAttr(name, "seed", "m1"),
				resource.TestMatchResourceAttr(
					name,
					"verdict",
					regexp.MustCompile(`^alive: a quorum of 1 voters answers \(m1\)$`),
				),
				resource.TestCheckResourceAttr(name, "cluster.members.0.name", "m1"),
				resource.TestCheckResourceAttr(name, "cluster.members.0.peer_urls.0", m1.PeerURL()),
			)},
		},
	})
}
