package link

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/etcdrecovery/terraform-provider-etcdrecovery/internal/recovery"
)

// TestReport tells of a step before and after it, and of a refusal, and comes back when each was heard.
func TestReport(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "watch")
	var heard []Event
	l, err := Listen(socket, func(e Event) { heard = append(heard, e) })
	if err != nil {
		t.Fatal(err)
	}
	before, after, refused := Report(socket)
	stop := recovery.Step{
		ID:        recovery.StepStopOthers,
		Operation: recovery.OperationSeed,
		Nodes:     []string{"m 2", "m3, too"},
	}
	if err := before(3, 9, stop); err != nil {
		t.Error(err)
	}
	if err := after(3, 9, stop); err != nil {
		t.Error(err)
	}
	refused(recovery.CodeClusterAlive)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	event := Event{PID: os.Getpid(), Operation: stop.Operation, ID: stop.ID, Number: 3, Nodes: stop.Nodes}
	acted := event
	acted.Acted = true
	want := []Event{event, acted, {PID: os.Getpid(), Refused: recovery.CodeClusterAlive}}
	if !reflect.DeepEqual(heard, want) {
		t.Errorf("heard %+v, want %+v", heard, want)
	}
	if err := before(3, 9, stop); err == nil {
		t.Error("a step goes on of which nobody can hear")
	}
}
