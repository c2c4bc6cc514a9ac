package recovery

import "testing"

// TestCopyNeeds wants room for the copy, for what the file system takes for it, and for the log file with which etcd
// starts beside it.
func TestCopyNeeds(t *testing.T) {
	for bytes, want := range map[int64]int64{
		0:         64 << 20,
		100 << 20: (100 + 5 + 64) << 20,
	} {
		if got := CopyNeeds(bytes); got < want {
			t.Errorf("a copy of %d bytes needs %d, want %d", bytes, got, want)
		}
	}
}
