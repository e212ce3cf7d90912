package reservations

import (
	"strings"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestExec(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.As(t, ebpftest.Process{PID: 42, UID: 1000})
	long := "/" + strings.Repeat("x", 200)
	for _, path := range []string{"/usr/bin/true", long} {
		ebpftest.Run(t, started, ebpftest.SchedProcessExec(path, 42))
	}
	got := ebpftest.Records(&execs)
	if len(got) != 2 || got[0].PID != 42 || got[0].UID != 1000 || ebpftest.Text(got[0].Path[:]) != "/usr/bin/true" {
		t.Fatalf("records: %+v", got)
	}
	if ebpftest.Text(got[1].Path[:]) != long[:127] {
		t.Errorf("a path that is too long: %q", ebpftest.Text(got[1].Path[:]))
	}
}

func TestNoPathIsDiscarded(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Run(t, started, &ebpf.SchedProcessExec{Filename: 1 << 16}) // a record without its string
	if got := ebpftest.Records(&execs); len(got) != 0 {
		t.Errorf("records: %+v", got)
	}
	if lost := ebpftest.Lost(&execs); lost != 0 {
		t.Errorf("lost: %d", lost)
	}
}

func TestFull(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Knob(t, &execs.MaxEntries, 4096)
	const fit = 4095 / (8 + 152) // a record has 152 bytes, and the kernel's 8
	for range fit + 3 {
		ebpftest.Run(t, started, ebpftest.SchedProcessExec("/bin/sh", 42))
	}
	if lost := ebpftest.Lost(&execs); lost != 3 {
		t.Errorf("lost: %d, want 3", lost)
	}
	if got := ebpftest.Records(&execs); len(got) != fit {
		t.Errorf("%d records, want %d", len(got), fit)
	}
	ebpftest.Run(t, started, ebpftest.SchedProcessExec("/bin/sh", 42))
	if got := ebpftest.Records(&execs); len(got) != 1 {
		t.Errorf("%d records after there was room again, want 1", len(got))
	}
}
