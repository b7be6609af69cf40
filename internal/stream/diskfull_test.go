package stream_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/casepush/casepush/internal/event"
	"github.com/casepush/casepush/internal/stream"
)

// A full disk makes the server freeze what it writes to; that is told, so that
// the process can end, and what was taken is there when it starts again.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=30m"); err != nil {
		t.Skip("needs a small file system of its own: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	options := stream.EmbeddedOptions{Dir: filepath.Join(dir, "js")}
	server, err := stream.StartEmbedded(options)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := stream.Connect(t.Context(), stream.Options{Embedded: server})
	if err != nil {
		t.Fatal(err)
	}
	e := event.Event{CaseID: "c", SpaceID: "default"}
	if _, _, err := conn.Publish(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := server.Err(); err != nil {
		t.Errorf("all is well: %v", err)
	}
	fill := filepath.Join(dir, "fill")
	fillDisk(t, fill)
	taken := uint64(1)
	for ; taken < 1000; taken++ { // the last block that is there takes some
		if _, _, err := conn.Publish(t.Context(), e); err != nil {
			break
		}
	}
	if err := server.Err(); err == nil {
		t.Error("the server says that all is well")
	}
	conn.Close()
	server.Stop()

	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	if server, err = stream.StartEmbedded(options); err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	if conn, err = stream.Connect(t.Context(), stream.Options{Embedded: server}); err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if seq, _, err := conn.Publish(t.Context(), e); err != nil || seq != taken+1 {
		t.Errorf("after the restart: event %d, %v; want %d", seq, err, taken+1)
	}
}

func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 4096); ; {
		if _, err := f.Write(block); err != nil {
			return
		}
	}
}
