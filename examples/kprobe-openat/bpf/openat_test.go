package bpf

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

const (
	cwd    = -100 // AT_FDCWD
	noFile = -2   // -ENOENT
)

func start(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.As(t, ebpftest.Process{PID: 42, TID: 43, Comm: "cat"})
}

// A program with parameters is called as the function that it is.
func TestOpen(t *testing.T) {
	start(t)
	path := ebpf.Address(ebpftest.UserString("/etc/passwd"))
	opening(cwd, path)
	opened(3)
	opening(cwd, path)
	opened(noFile)

	got := ebpftest.Records(&opens)
	if len(got) != 2 {
		t.Fatalf("%d records, want 2", len(got))
	}
	if got[0].PID != 42 || got[0].Result != 3 || ebpftest.Text(got[0].Path[:]) != "/etc/passwd" {
		t.Errorf("record: %+v", got[0])
	}
	if got[1].Result != noFile {
		t.Errorf("result %d, want %d", got[1].Result, noFile)
	}
	if n := len(ebpftest.Entries(&paths)); n != 0 {
		t.Errorf("%d paths are left", n)
	}
}

func TestAReturnWithoutACall(t *testing.T) {
	start(t)
	opened(3)
	if got := ebpftest.Records(&opens); len(got) != 0 {
		t.Errorf("records: %+v", got)
	}
}
