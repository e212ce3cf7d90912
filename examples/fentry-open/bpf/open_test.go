package bpf

import (
	"testing"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func start(t *testing.T, now *uint64) {
	ebpftest.Start(t)
	ebpftest.Clock(t, now)
	ebpftest.As(t, ebpftest.Process{PID: 42, TID: 43, Comm: "cat"})
	ebpftest.Set(t, ebpf.DPath, func(_ *ebpf.Path, buf unsafe.Pointer, size uint32) int64 {
		return int64(copy(unsafe.Slice((*byte)(buf), size), "/etc/hosts\x00"))
	})
}

// Outside of the kernel a kernel struct is a struct: the test fills it in.
func TestOpen(t *testing.T) {
	now := uint64(1000)
	start(t, &now)
	file := &File{Flags: 2, Inode: &Inode{Size: 123}}
	opening(file)
	now = 1500
	opened(file, 0)

	got := ebpftest.Records(&opens)
	if len(got) != 1 {
		t.Fatalf("%d records, want 1", len(got))
	}
	e := got[0]
	if e.Took != 500 || e.Size != 123 || e.PID != 42 || e.Flags != 2 || e.Result != 0 {
		t.Errorf("record: %+v", e)
	}
	if path := ebpftest.Text(e.Path[:]); path != "/etc/hosts" {
		t.Errorf("path %q", path)
	}
}

func TestAReturnWithoutACall(t *testing.T) {
	now := uint64(1000)
	start(t, &now)
	opened(&File{Inode: &Inode{}}, 0)
	if got := ebpftest.Records(&opens); len(got) != 0 {
		t.Errorf("records: %+v", got)
	}
}
