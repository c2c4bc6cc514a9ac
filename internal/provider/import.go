package provider

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const importForm = `NAME=HOST[:PORT][,SETTING=VALUE…], for example "m2=10.0.0.12" or "m2=10.0.0.12:2222,user=ops"; ` +
	"settings are those of a node of etcdrecovery_survey"

// parseImportID reads the name of a node and how it is reached.
func parseImportID(id string) (name string, c connection, err error) {
	head, given, _ := strings.Cut(id, ",")
	name, addr, ok := strings.Cut(head, "=")
	if !ok || name == "" || addr == "" {
		return "", c, fmt.Errorf("the import ID %q is not of the form %s", id, importForm)
	}
	c.Host = strings.Trim(addr, "[]")
	if host, port, err := net.SplitHostPort(addr); err == nil {
		c.Host = host
		if err := isPort(port); err != nil {
			return "", c, fmt.Errorf("the port %q in the import ID %w", port, err)
		}
		c.SSH.set("port", port)
	}
	if given == "" {
		return name, c, nil
	}
	for _, s := range strings.Split(given, ",") {
		key, value, _ := strings.Cut(s, "=")
		all := settings()
		own := slices.IndexFunc(all, func(s setting) bool { return s.name == key && s.ofNodes() })
		switch {
		case key == "kubelet_config":
			c.KubeletConfig = value
		case key == "manifest_dir":
			c.ManifestDir = value
		case key == "manifest" && manifestName.MatchString(value):
			c.Manifest = value
		case key == "manifest":
			return "", c, fmt.Errorf("manifest is %q in the import ID: it must be the name of a file", value)
		case key == "work_dir":
			c.WorkDir = value
		case own < 0:
			return "", c, fmt.Errorf("%q in the import ID is no setting; the form is %s", key, importForm)
		default:
			if err := all[own].valid(value); err != nil {
				return "", c, fmt.Errorf("%s is %q in the import ID: it %w", key, value, err)
			}
			if value != "" {
				c.SSH.set(key, value)
			}
		}
	}
	return name, c, nil
}

// importNode begins the state of a master that is there already; Read fills in the rest.
func importNode(
	ctx context.Context,
	req resource.ImportStateRequest,
	resp *resource.ImportStateResponse,
	nameAt path.Path,
) {
	name, c, err := parseImportID(req.ID)
	if err != nil {
		resp.Diagnostics.AddError("Import ID Not Understood", err.Error())
		return
	}
	conn, diags := types.ObjectValueFrom(ctx, connectionType().AttrTypes, c)
	resp.Diagnostics.Append(diags...)
	all, diags := types.MapValueFrom(ctx, connectionType(), map[string]connection{name: c})
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, nameAt, name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("access"), conn)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("masters"), all)...)
}
