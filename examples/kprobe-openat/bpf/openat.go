// Package bpf reports the files that processes open, and what came of it.
package bpf

import "tinybpf/ebpf"

// An Open is a file that a process opened, or could not open.
type Open struct {
	PID    uint32
	Result int32 // a descriptor, or negative: the error number
	Comm   ebpf.Comm
	Path   [256]byte `show:"text"` // as the process gave it
}

var (
	// paths has the address of the path that each thread is opening.
	paths = ebpf.Hash[uint32, ebpf.Address]{MaxEntries: 10240}
	opens = ebpf.RingBuf[Open]{MaxEntries: 1 << 18}
)

// opening runs when the kernel's function is called:
//
//	long do_sys_openat2(int dfd, const char *filename, struct open_how *how)
//
// Parameters that are not needed may be left out at the end.
//
//bpf:section kprobe/do_sys_openat2
func opening(dfd int32, filename ebpf.Address) int32 {
	paths.Update(ebpf.TID(), filename)
	return 0
}

// opened runs when it returns. The arguments are gone then, so that the path comes from the map; the
// kernel has read it, so that it is in memory now. The result is a long in some kernels and an int in
// others; an int32 is the part that both have.
//
//bpf:section kretprobe/do_sys_openat2
func opened(result int32) int32 {
	tid := ebpf.TID()
	filename := paths.Lookup(tid)
	if filename == nil {
		return 0 // it was called before we were here
	}
	address := *filename
	paths.Delete(tid)
	e := opens.Reserve()
	if e == nil {
		return 0 // no room in the buffer: counted as lost
	}
	e.PID, e.Result = ebpf.PID(), result
	ebpf.CurrentComm(&e.Comm)
	ebpf.ReadUserString(e.Path[:], address)
	opens.Submit(e)
	return 0
}
