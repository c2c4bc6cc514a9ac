package tcp

import (
	"io"
	"sync"
)

// Pipe copies both ways until both directions have ended, handing on half-closes, and then closes both sides.
func Pipe(a, b io.ReadWriteCloser) {
	var both sync.WaitGroup
	both.Go(func() { copyHalf(a, b) })
	both.Go(func() { copyHalf(b, a) })
	both.Wait()
	_ = a.Close()
	_ = b.Close()
}

func copyHalf(to, from io.ReadWriteCloser) {
	if _, err := io.Copy(to, from); err != nil {
		// One side is gone without an orderly end: nothing more can come of the other.
		_ = to.Close()
		_ = from.Close()
		return
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}
