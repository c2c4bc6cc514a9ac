package provider

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// evidence is what the survey hands to a resource, as JSON in one attribute: it travels in the saved plan, and
// resources do not store it.
type evidence struct {
	Masters  map[string]connection // all that were surveyed
	Evidence recovery.Evidence
}

// nodeType is what a resource takes of a surveyed node.
func nodeType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{"name": types.StringType, "evidence": types.StringType}}
}

type nodeModel struct {
	Name     string `tfsdk:"name"`
	Evidence string `tfsdk:"evidence"`
}

func surveyType() types.ObjectType {
	return types.ObjectType{AttrTypes: map[string]attr.Type{"nodes": types.MapType{ElemType: nodeType()}}}
}

func readNode(ctx context.Context, v types.Object) (evidence, diag.Diagnostics) {
	var m nodeModel
	diags := v.As(ctx, &m, basetypes.ObjectAsOptions{})
	if diags.HasError() {
		return evidence{}, diags
	}
	e, err := m.parse()
	if err != nil {
		diags.AddError("Not a Survey's Evidence", err.Error())
	}
	return e, diags
}

func (m nodeModel) parse() (evidence, error) {
	var e evidence
	if err := json.Unmarshal([]byte(m.Evidence), &e); err != nil {
		return e, fmt.Errorf("the evidence of node %q was not made by etcdrecovery_survey: %w", m.Name, err)
	}
	return e, nil
}

func readSurvey(
	ctx context.Context,
	v types.Object,
) (all recovery.Survey, conns map[string]connection, diags diag.Diagnostics) {
	var m struct {
		Nodes map[string]nodeModel `tfsdk:"nodes"`
	}
	diags = v.As(ctx, &m, basetypes.ObjectAsOptions{})
	found := map[string]recovery.Evidence{}
	for name, n := range m.Nodes {
		e, err := n.parse()
		if err != nil {
			diags.AddError("Not a Survey's Evidence", err.Error())
			continue
		}
		found[name], conns = e.Evidence, e.Masters
	}
	return recovery.SurveyOf(found), conns, diags
}

// wholly tells whether a value is known in all its parts.
func wholly(ctx context.Context, v attr.Value) bool {
	if v.IsNull() || v.IsUnknown() {
		return false
	}
	t, err := v.ToTerraformValue(ctx)
	return err == nil && t.IsFullyKnown()
}

// settled reports whether a value is known in all its parts, or null.
func settled(ctx context.Context, v attr.Value) bool { return v.IsNull() || wholly(ctx, v) }
