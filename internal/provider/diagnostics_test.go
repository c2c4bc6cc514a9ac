package provider

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestWatcherHearsOfRefusals shows errors, and tells a watcher of the codes of those that are refusals.
func TestWatcherHearsOfRefusals(t *testing.T) {
	var heard []recovery.Code
	watched := &masters{watch: watch{refused: func(c recovery.Code) { heard = append(heard, c) }}}
	refusal := fmt.Errorf("wrapped: %w", &recovery.Refusal{Code: recovery.CodeClusterAlive, Title: "It Lives"})
	for name, m := range map[string]*masters{"watched": watched, "not watched": {}, "not configured": nil} {
		var diags diag.Diagnostics
		m.addError(&diags, refusal)
		m.addError(&diags, errors.New("no refusal"))
		if len(diags) != 2 || diags[0].Summary() != "It Lives" || diags[1].Summary() != "Recovery Failed" {
			t.Errorf("%s: %v", name, diags)
		}
	}
	if !slices.Equal(heard, []recovery.Code{recovery.CodeClusterAlive}) {
		t.Errorf("heard of %v", heard)
	}
}
