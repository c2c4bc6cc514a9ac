package recovery

import (
	"fmt"
	"time"
)

// Kubelet is what was found of the kubelet on a master.
type Kubelet struct {
	Running  bool
	Service  string `json:",omitempty"` // what systemd says of it
	CertFile string `json:",omitempty"`
	// When its client certificate did; zero for one that is good or that is not there.
	Expired time.Time `json:",omitzero"`
}

// renewal is kubeadm's way to a new client certificate, which works while the API server is down.
const renewal = "on a kubeadm master: move /etc/kubernetes/kubelet.conf away, kubeadm init phase kubeconfig kubelet, " +
	"systemctl restart kubelet"

// Warning says what a kubelet's state will lead to; "" for a good one.
func (k Kubelet) Warning(master string) string {
	switch {
	case !k.Running:
		return k.down(
			master,
		) + ": no manifest that is put in there has an effect, until it runs (systemctl status kubelet; journalctl " +
			"-u kubelet)"
	case !k.Expired.IsZero():
		return fmt.Sprintf(
			"the kubelet's client certificate %s on %s expired on %s. It runs on and looks after static pods, but "+
				"will not come back after a restart of it or of the machine: renew it (%s)",
			k.CertFile,
			master,
			k.Expired.Format(time.DateTime),
			renewal,
		)
	}
	return ""
}

// Kept says of a kubelet why it was not started anew, which often helps; "" for one that may be.
func (k Kubelet) Kept(master string) string {
	if k.Expired.IsZero() {
		return ""
	}
	return " The kubelet was left as it is: " + k.Warning(master) + "."
}

func (k Kubelet) down(master string) string {
	text := "no kubelet runs on " + master
	if k.Service != "" {
		text += fmt.Sprintf(" (systemctl is-active kubelet: %s)", k.Service)
	}
	return text
}

// Check refuses where etcd would be stopped and nobody would start it again. It is asked before anything is stopped.
func (k Kubelet) Check(master, attribute string) error {
	if k.Running {
		return nil
	}
	r := &Refusal{
		Code:      CodeKubeletDown,
		Title:     "The Kubelet Does Not Run",
		Attribute: attribute,
		Found:     k.down(master) + ": etcd is a static pod there, which nothing else starts.",
		Next: fmt.Sprintf(
			"find out why (systemctl status kubelet; journalctl -u kubelet, on %s), start it, then plan again.",
			master,
		),
	}
	if k.Service == "activating" { // just booted, and started before its container runtime was up
		r.Next = "systemd is starting it: plan again in half a minute. If it still does not run, " + r.Next
	}
	if !k.Expired.IsZero() {
		// kubernetes-sigs/kind#3492: it exits at once, and so looks after no static pod either.
		r.Found += fmt.Sprintf(
			" Its client certificate %s expired on %s, with which it does not start: that is the likely cause.",
			k.CertFile,
			k.Expired.Format(time.DateTime),
		)
		r.Next = fmt.Sprintf(
			"renew it (%s), see to it that it runs (systemctl status kubelet; journalctl -u kubelet, on %s), then "+
				"plan again.",
			renewal,
			master,
		)
	}
	return r
}
