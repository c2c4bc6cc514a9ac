//go:build linux

package provider_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/lab"
)

// between is something that happens after the plan is made and before it is applied.
type between func() error

func (b between) CheckPlan(_ context.Context, _ plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = b()
}

// TestChangedSinceThePlan edits a manifest between plan and apply: the apply stops with our own words, before it
// touches anything.
func TestChangedSinceThePlan(t *testing.T) {
	l, _ := start(t, lab.Options{})
	loseMajority(t, l)
	file := l.Master("m2").Path("/etc/kubernetes/manifests/etcd.yaml")
	var before map[string]string
	edit := between(func() error {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, append(text, "# edited by a colleague\n"...), 0o600)
		}
		before = trees(t, l, false)
		return err
	})
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{{
			Config:           surveyBlock(l) + seedBlock() + chain(l),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{edit}},
			ExpectError:      regexp.MustCompile(`(?s)A Master Changed Since the Plan.*m2.*run terraform plan\s+again`),
		}},
	})
	after := trees(t, l, false)
	for name := range after { // only the journal's folder with the lock may have been made, and it is empty again
		after[name] = string(bytes.TrimSuffix([]byte(after[name]), []byte(", with a work folder")))
	}
	wantSame(t, before, after)
}

func updateOf(name string) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(name, plancheck.ResourceActionUpdate)},
	}
}

func healthy(name string) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(name, tfjsonpath.New("status"), knownvalue.StringExact("healthy"))
}

// TestDrift loses masters after a recovery: one whose disk was wiped is let in again by an update in place, one that
// does not answer keeps its state, and the seed itself comes back as a member.
func TestDrift(t *testing.T) {
	l, _ := start(t, lab.Options{})
	loseMajority(t, l)
	config := surveyBlock(l) + seedBlock() + chain(l)
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: config},
			{
				PreConfig:        func() { wipe(t, l.Master("m3")) },
				Config:           config,
				ConfigPlanChecks: updateOf("etcdrecovery_member.m3"),
				ConfigStateChecks: []statecheck.StateCheck{
					healthy(
						"etcdrecovery_member.m3",
					),
					healthy("etcdrecovery_member.m2"),
					healthy("etcdrecovery_seed.this"),
				},
			},
			{Config: config, ConfigPlanChecks: noChanges},
			{
				PreConfig:         func() { reopen(t, l.Master("m3"), false) },
				Config:            config,
				ConfigPlanChecks:  updateOf("etcdrecovery_member.m3"),
				ConfigStateChecks: []statecheck.StateCheck{healthy("etcdrecovery_member.m3")},
			},
			{Config: config, ConfigPlanChecks: noChanges},
			{
				PreConfig:        func() { wipe(t, l.Master("m2")) },
				Config:           config,
				ConfigPlanChecks: updateOf("etcdrecovery_member.m2"),
			},
			{
				PreConfig:        func() { wipe(t, l.Master("m1")) },
				Config:           config,
				ConfigPlanChecks: updateOf("etcdrecovery_seed.this"),
			},
			{
				PreConfig:         func() { reopen(t, l.Master("m1"), true) },
				Config:            config,
				ConfigPlanChecks:  updateOf("etcdrecovery_seed.this"),
				ConfigStateChecks: []statecheck.StateCheck{healthy("etcdrecovery_seed.this")},
			},
			{Config: config, ConfigPlanChecks: noChanges},
			{ // one that is to be finished and does not answer is left alone
				PreConfig:          func() { reopen(t, l.Master("m2"), true) },
				Config:             config,
				PlanOnly:           true,
				ExpectNonEmptyPlan: true,
			},
			{RefreshState: true, ExpectNonEmptyPlan: true},
			{
				PreConfig:        func() { l.Master("m2").CutOff() },
				Config:           config,
				ConfigPlanChecks: noChanges,
			},
			{
				PreConfig: func() {
					if err := l.Master("m2").Reconnect(); err != nil {
						t.Error(err)
					}
				},
				Config:            config,
				ConfigPlanChecks:  updateOf("etcdrecovery_member.m2"),
				ConfigStateChecks: []statecheck.StateCheck{healthy("etcdrecovery_member.m2")},
			},
			{Config: config, ConfigPlanChecks: noChanges},
			{
				PreConfig:         func() { l.Master("m3").CutOff() },
				Config:            config,
				ConfigPlanChecks:  noChanges,
				ConfigStateChecks: []statecheck.StateCheck{healthy("etcdrecovery_member.m3")},
			},
		},
	})
}

// reopen leaves the journal of the last join on a master as an apply does that is broken off right before its end, or
// before its first step was written down.
func reopen(t *testing.T, m lab.Master, steps bool) {
	t.Helper()
	journals, err := filepath.Glob(m.Path("/var/lib/etcdrecovery/member-*.journal"))
	if err != nil || len(journals) == 0 {
		t.Fatalf("no join was made on %s: %v", m.Name(), err)
	}
	last := slices.Max(journals) // they are named by the time
	text, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	open := regexp.MustCompile(`(?m)^  "Finished":.*\n`).ReplaceAll(text, nil)
	if !steps {
		open = regexp.MustCompile(`(?s)"Steps": \[.*?\n  \]`).ReplaceAllLiteral(open, []byte(`"Steps": null`))
	}
	if len(open) == len(text) {
		t.Fatalf("%s was not finished:\n%s", last, text)
	}
	if err := os.WriteFile(last, open, 0o600); err != nil {
		t.Fatal(err)
	}
}

// importID is how a master of the lab is imported.
func importID(m lab.Master) string {
	return fmt.Sprintf(
		"%s=%s:%d,kubelet_config=%s,work_dir=%s",
		m.Name(),
		m.Host(),
		m.Port(),
		m.Inside("/var/lib/kubelet/config.yaml"),
		m.Inside("/var/lib/etcdrecovery"),
	)
}

// TestImport takes over masters that are there already: a healthy one needs nothing, a broken one gets a line diff of
// its manifest.
func TestImport(t *testing.T) {
	l, _ := start(t, lab.Options{})
	wipe(t, l.Master("m3"))
	sound := surveyBlock(l) + memberBlock("m2", "data.etcdrecovery_survey.masters.cluster")
	broken := surveyBlock(l) + memberBlock("m3", "data.etcdrecovery_survey.masters.cluster")
	text, err := os.ReadFile(l.Master("m3").Path("/etc/kubernetes/manifests/etcd.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config:             sound,
				ResourceName:       "etcdrecovery_member.m2",
				ImportState:        true,
				ImportStateId:      importID(l.Master("m2")),
				ImportStatePersist: true,
			},
			{Config: sound, ConfigPlanChecks: noChanges},
		},
	})
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{
				Config:             broken,
				ResourceName:       "etcdrecovery_member.m3",
				ImportState:        true,
				ImportStateId:      importID(l.Master("m3")),
				ImportStatePersist: true,
				ImportStateCheck: func(states []*terraform.InstanceState) error {
					if got := states[0].Attributes["manifest"]; got != string(text) {
						return fmt.Errorf("the imported manifest is not the file's text: %q", got)
					}
					if got := states[0].Attributes["status"]; got != "lost" {
						return fmt.Errorf("the imported status is %q", got)
					}
					return nil
				},
			},
			{Config: broken, ConfigPlanChecks: updateOf("etcdrecovery_member.m3"),
				ConfigStateChecks: []statecheck.StateCheck{
					healthy("etcdrecovery_member.m3"),
					statecheck.ExpectKnownValue(
						"etcdrecovery_member.m3",
						tfjsonpath.New("manifest"),
						knownvalue.StringRegexp(regexp.MustCompile(`(?m)^    - --initial-cluster-state=existing$`)),
					),
				}},
			{Config: broken, ConfigPlanChecks: noChanges},
		},
	})
}

// TestGivenUpMaster recovers without a master that is gone for good: only once the operator has said so.
func TestGivenUpMaster(t *testing.T) {
	l, keys := start(t, lab.Options{})
	wipe(t, l.Master("m2"))
	l.Master("m3").PowerOff()
	config := surveyBlock(l) + seedBlock(`lost_nodes = ["m3"]`) + memberBlock("m2", "etcdrecovery_seed.this.cluster")
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: factories,
		Steps: []resource.TestStep{
			{Config: surveyBlock(l) + seedBlock(), ExpectError: regexp.MustCompile(`(?s)A Master Does Not Answer.*m3`)},
			{Config: config},
			{Config: config, ConfigPlanChecks: noChanges},
		},
	})
	for _, name := range []string{"m1", "m2"} {
		if got, _, err := l.CountKeys(t.Context(), name); err != nil || got != keys {
			t.Errorf("%s has %d keys (%v), want %d", name, got, err, keys)
		}
	}
}
