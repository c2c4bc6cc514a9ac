package provider

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/ssh"
)

// TestPrecedence has the same settings in several places.
func TestPrecedence(t *testing.T) {
	node := values{"user": "of-node", "private_key_file": "node.key", "bastion_host": "jump"}
	block := values{
		"user":                     "of-block",
		"port":                     "2222",
		"private_key":              "block's",
		"certificate":              "block's",
		"timeout":                  "3s",
		"max_sessions":             "2",
		"password":                 "pw",
		"bastion_private_key_file": "jump.key",
	}
	environment := values{
		"user":             "of-environment",
		"keepalive":        "1s",
		"agent_identity":   "mine",
		"bastion_user":     "jumper",
		"bastion_host_key": "ssh-ed25519 A",
		"become_password":  "root's",
	}
	all := layers{node, block, environment}
	want := ssh.Config{
		Host:            "m1",
		Port:            2222,
		User:            "of-node",
		PrivateKeyFile:  "node.key",
		Password:        "pw",
		AgentIdentities: []string{"mine"},
		Timeout:         3 * time.Second,
		Keepalive:       time.Second,
		MaxSessions:     2,
		Become:          ssh.BecomeSudo,
		BecomePassword:  "root's",
	}
	if got := all.config("m1"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	got, ok := all.bastion()
	jump := ssh.Config{
		Host:            "jump",
		Port:            2222,
		User:            "jumper",
		PrivateKeyFile:  "jump.key",
		Password:        "pw",
		AgentIdentities: []string{"mine"},
		HostKey:         "ssh-ed25519 A",
		Timeout:         3 * time.Second,
		Keepalive:       time.Second,
		MaxSessions:     2,
		Become:          ssh.BecomeNone,
	}
	if !ok || !reflect.DeepEqual(got, jump) {
		t.Errorf("got %+v\nwant %+v", got, jump)
	}
	// A key goes with the certificate of its own place, or of one before.
	if c := (layers{{}, block}).config("m1"); c.PrivateKey != "block's" || c.Certificate != "block's" || c.Agent {
		t.Errorf("got %+v", c)
	}
	if _, ok := (layers{block, environment}).bastion(); ok {
		t.Error("there is a jump host of nobody's")
	}
	// Who asks for an agent here does not get a key from further away.
	if c := (layers{{"agent_identity": "mine"}, {"private_key": "ci's"}}).config("m1"); c.PrivateKey != "" || !c.Agent {
		t.Errorf("got %+v", c)
	}
	for _, c := range []struct {
		given values
		want  bool
	}{
		{values{}, true},
		{values{"password": "x"}, false},
		{values{"password": "x", "agent": "true"}, true},
		{values{"private_key": "x"}, false},
		{values{"agent": "false"}, false},
	} {
		if got := (layers{c.given}).config("m1").Agent; got != c.want {
			t.Errorf("an agent is asked with %v: %v", c.given, got)
		}
	}
}

// TestManifestOfANode takes the name of a file in the static pod folder, from the survey and from an import ID.
func TestManifestOfANode(t *testing.T) {
	attribute, ok := surveyedNode()["manifest"].(schema.StringAttribute)
	if !ok {
		t.Fatal("a node has no manifest")
	}
	for name, good := range map[string]bool{
		"etcd.yaml": true, "etcd-events.manifest": true, "": false, ".etcd.yaml": false,
		"/etc/kubernetes/manifests/etcd.yaml": false, "../etcd.yaml": false, "a/b": false,
	} {
		var resp validator.StringResponse
		for _, v := range attribute.Validators {
			v.ValidateString(
				t.Context(),
				validator.StringRequest{Path: path.Root("manifest"), ConfigValue: types.StringValue(name)},
				&resp,
			)
		}
		_, c, err := parseImportID("m1=10.0.0.11,manifest=" + name)
		if resp.Diagnostics.HasError() == good || (err == nil) != good || good && c.Manifest != name {
			t.Errorf("%q: %v, %v", name, resp.Diagnostics, err)
		}
	}
	kinds, attrs := map[string]attr.Type{}, map[string]attr.Value{}
	for name, value := range map[string]string{"host": "10.0.0.11", "manifest": "etcd-events.yaml"} {
		kinds[name], attrs[name] = types.StringType, types.StringValue(value)
	}
	c := connectionOf(types.ObjectValueMust(kinds, attrs))
	m, diags := newMasters(types.ObjectNull(nil), watch{})
	if n := m.node("m1", c); diags.HasError() || n.Manifest != "etcd-events.yaml" {
		t.Errorf("the node has the manifest %q", n.Manifest)
	}
}

func TestEnvironment(t *testing.T) {
	environment := map[string]string{
		"ETCDRECOVERY_SSH_USER":                           "ops",
		"ETCDRECOVERY_SSH_PORT":                           "22x",
		"ETCDRECOVERY_SSH_HOST_KEY":                       "never",
		"ETCDRECOVERY_SSH_BASTION_PRIVATE_KEY_PASSPHRASE": "p",
		"ETCDRECOVERY_SSH_AGENT":                          "0",
		"ETCDRECOVERY_SSH_BECOME_METHOD":                  "su",
	}
	given, diags := valuesOfEnvironment(func(name string) string { return environment[name] })
	want := values{"user": "ops", "bastion_private_key_passphrase": "p", "agent": "0"}
	if !reflect.DeepEqual(given, want) {
		t.Errorf("got %v, want %v", given, want)
	}
	if len(diags) != 2 ||
		!strings.Contains(diags[0].Detail(), `ETCDRECOVERY_SSH_PORT is "22x": it must be a port, from 1 to 65535`) ||
		!strings.Contains(diags[1].Detail(), "must be sudo, doas or none") {
		t.Errorf("got %v", diags)
	}
}

// TestSecrets makes sure that what a node can say, which the state keeps, is nothing secret.
func TestSecrets(t *testing.T) {
	ofNode, ofProvider := nodeAttributes(), providerAttributes()
	for _, s := range settings() {
		hidden := strings.HasSuffix(s.name, "password") || strings.HasSuffix(s.name, "private_key") ||
			strings.HasSuffix(s.name, "passphrase")
		if _, ok := ofNode[s.name]; hidden != (s.where == secret) || hidden && ok {
			t.Errorf("%s is kept in the state: %v", s.name, ok)
		}
		if a, ok := ofProvider[s.name]; ok && a.IsSensitive() != hidden {
			t.Errorf("%s is shown in plans: %v", s.name, !a.IsSensitive())
		}
	}
}

func TestValues(t *testing.T) {
	given, unknown := valuesOf(
		map[string]attr.Value{
			"user":        types.StringValue("ops"),
			"port":        types.Int64Value(2222),
			"agent":       types.BoolValue(false),
			"timeout":     types.StringNull(),
			"certificate": types.StringValue(""),
			"host":        types.StringValue("m1"),
		},
	)
	if want := (values{"user": "ops", "port": "2222", "agent": "false"}); unknown != "" ||
		!reflect.DeepEqual(given, want) {
		t.Errorf("got %v, %q", given, unknown)
	}
	if _, unknown := valuesOf(map[string]attr.Value{"password": types.StringUnknown()}); unknown != "password" {
		t.Errorf("got %q", unknown)
	}
	for name, wrong := range map[string]string{
		"port":          "0",
		"timeout":       "15",
		"keepalive":     "-1s",
		"max_sessions":  "0",
		"become_method": "su",
	} {
		for _, s := range settings() {
			if s.name != name {
				continue
			}
			var resp validator.StringResponse
			s.ValidateString(
				context.Background(),
				validator.StringRequest{Path: path.Root("ssh").AtName(name), ConfigValue: types.StringValue(wrong)},
				&resp,
			)
			if !resp.Diagnostics.HasError() ||
				!strings.Contains(resp.Diagnostics[0].Detail(), name+" is "+`"`+wrong+`"`) {
				t.Errorf("%s = %q: %v", name, wrong, resp.Diagnostics)
			}
		}
	}
}
