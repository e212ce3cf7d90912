package kernelstructs

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestParent(t *testing.T) {
	ebpftest.Start(t)
	parent := ebpftest.Kernel(task{Tgid: 1})
	self := ebpftest.Kernel(task{Tgid: 42, Parent: ebpf.Address(parent)})
	ebpftest.Set(t, ebpf.GetCurrentTask, func() uint64 { return self })
	started(ebpftest.SchedProcessExec("/bin/true", 42))

	got := ebpftest.Records(&children)
	if len(got) != 1 || got[0].PID != 42 || got[0].Parent != 1 {
		t.Errorf("records: %+v", got)
	}
}

func TestNoParent(t *testing.T) {
	ebpftest.Start(t)
	self := ebpftest.Kernel(task{Tgid: 42, Parent: 0xdead})
	ebpftest.Set(t, ebpf.GetCurrentTask, func() uint64 { return self })
	started(ebpftest.SchedProcessExec("/bin/true", 42))
	if got := ebpftest.Records(&children); len(got) != 0 {
		t.Errorf("records: %+v", got)
	}
}
