package bpf

import (
	"testing"

	"tinybpf/ebpf"
	"tinybpf/ebpf/ebpftest"
)

// named is an open file of the name.
func named(name string) *File {
	text := ebpf.Address(ebpftest.KernelString(name))
	return &File{Path: Path{Entry: &Entry{Name: QStr{Text: text}}}}
}

func guard(name string) (key Name) {
	copy(key[:], name)
	guarded.Update(key, 1)
	return key
}

func TestOpen(t *testing.T) {
	ebpftest.Start(t)
	ebpftest.As(t, ebpftest.Process{PID: 42, UID: 7, Comm: "cat"})
	key := guard("secret.txt")
	if got := opening(named("public.txt"), 0); got != 0 {
		t.Errorf("another file: %d", got)
	}
	if got := opening(named("secret.txt"), 0); got != -1 {
		t.Errorf("the file: %d, want -EPERM", got)
	}
	if got := opening(named("secret.txt"), -13); got != -13 {
		t.Errorf("one that is denied already: %d", got)
	}
	got := ebpftest.Records(&denied)
	if len(got) != 1 || got[0].PID != 42 || got[0].UID != 7 || got[0].Name != key {
		t.Errorf("records: %+v", got)
	}
}
