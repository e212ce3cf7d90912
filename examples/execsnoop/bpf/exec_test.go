package bpf

import (
	"strings"
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func start(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Set(t, ebpf.GetCurrentPidTgid, func() uint64 { return 42<<32 | 42 })
	ebpftest.Set(t, ebpf.GetCurrentUidGid, func() uint64 { return 100<<32 | 1000 })
	ebpftest.Set(t, ebpf.KtimeGetNs, func() uint64 { return 12345 })
}

func TestStarted(t *testing.T) {
	start(t)
	ebpftest.Run(t, started, ebpftest.SchedProcessExec("/usr/bin/true", 42))
	records := ebpftest.Records(&execs)
	if len(records) != 1 {
		t.Fatalf("%d records", len(records))
	}
	e := records[0]
	if e.Time != 12345 || e.PID != 42 || e.UID != 1000 {
		t.Errorf("record: %+v", e)
	}
	if path := ebpftest.Text(e.Path[:]); path != "/usr/bin/true" {
		t.Errorf("path %q", path)
	}
}

func TestALongPathIsCut(t *testing.T) {
	start(t)
	ebpftest.Run(t, started, ebpftest.SchedProcessExec("/"+strings.Repeat("x", 300), 42))
	e := ebpftest.Records(&execs)[0]
	if got := string(e.Path[:]); got != "/"+strings.Repeat("x", 254)+"\x00" {
		t.Errorf("path %q", got)
	}
}

func TestAFullBufferLosesAndCounts(t *testing.T) {
	start(t)
	ebpftest.Knob(t, &execs.MaxEntries, 4096)
	for range 20 {
		ebpftest.Run(t, started, ebpftest.SchedProcessExec("/bin/sh", 42))
	}
	kept, lost := len(ebpftest.Records(&execs)), ebpftest.Lost(&execs)
	if kept == 0 || lost == 0 || kept+int(lost) != 20 {
		t.Errorf("%d kept, %d lost of 20", kept, lost)
	}
}
