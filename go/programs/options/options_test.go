package options

import (
	"testing"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

func asUser(t *testing.T, uid uint64, comm string) {
	ebpftest.Set(t, ebpf.GetCurrentUidGid, func() uint64 { return 7<<32 | uid })
	ebpftest.Set(t, ebpf.GetCurrentComm, func(buf unsafe.Pointer, size uint32) int64 {
		text := unsafe.Slice((*byte)(buf), size)
		clear(text)
		copy(text, comm)
		return 0
	})
}

func TestCountsByUserAndProgram(t *testing.T) {
	ebpftest.Start(t)
	asUser(t, 1000, "cat")
	countOpens(&ebpf.SysEnter{})
	countOpens(&ebpf.SysEnter{})
	asUser(t, 0, "cat")
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
	for _, uid := range []uint64{1, 2, 1, 3} {
		asUser(t, uid, "sh")
		countOpens(&ebpf.SysEnter{})
	}
	got := ebpftest.Entries(&opens)
	comm := ebpf.Comm{'s', 'h'}
	if len(got) != 2 || got[Key{1, comm}] != 2 || got[Key{3, comm}] != 1 {
		t.Errorf("user 2, who was not seen for longest, should be gone: %v", got)
	}
}
