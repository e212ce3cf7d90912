package options

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func TestCountsByUserAndProgram(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.As(t, ebpftest.Process{UID: 1000, Comm: "cat"})
	countOpens(&ebpf.SysEnter{})
	countOpens(&ebpf.SysEnter{})
	ebpftest.As(t, ebpftest.Process{Comm: "cat"})
	countOpens(&ebpf.SysEnter{})

	got := ebpftest.Entries(&opens)
	comm := ebpf.Comm{'c', 'a', 't'}
	if len(got) != 2 || got[Key{1000, comm}] != 2 || got[Key{0, comm}] != 1 {
		t.Errorf("opens: %v", got)
	}
}

func TestMakesRoom(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.Knob(t, &opens.MaxEntries, 2)
	for _, uid := range []uint32{1, 2, 1, 3} {
		ebpftest.As(t, ebpftest.Process{UID: uid, Comm: "sh"})
		countOpens(&ebpf.SysEnter{})
	}
	got := ebpftest.Entries(&opens)
	comm := ebpf.Comm{'s', 'h'}
	if len(got) != 2 || got[Key{1, comm}] != 2 || got[Key{3, comm}] != 1 {
		t.Errorf("user 2, who was not seen for longest, should be gone: %v", got)
	}
}
