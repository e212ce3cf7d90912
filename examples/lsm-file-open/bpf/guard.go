// Package bpf keeps everyone, root too, from opening files of some names.
package bpf

import "tinybpf/ebpf"

// A Name is that of a file without its folder; longer ones are cut.
type Name [64]byte

// A Denied is a file that could not be opened.
type Denied struct {
	PID  uint32
	UID  uint32
	Comm ebpf.Comm
	Name Name `show:"text"`
}

var (
	// guarded has the names of files that must not be opened; what it has for them is not looked at.
	guarded = ebpf.Hash[Name, uint8]{MaxEntries: 1024}
	denied  = ebpf.RingBuf[Denied]{MaxEntries: 1 << 16}
)

// What we need of the kernel's structures, which have an open file's name in the end.
type (
	File struct {
		_    ebpf.KernelStruct `bpf:"file"`
		Path Path              `bpf:"f_path"`
	}
	Path struct {
		_     ebpf.KernelStruct `bpf:"path"`
		Entry *Entry            `bpf:"dentry"`
	}
	Entry struct {
		_    ebpf.KernelStruct `bpf:"dentry"`
		Name QStr              `bpf:"d_name"`
	}
	QStr struct {
		_    ebpf.KernelStruct `bpf:"qstr"`
		Text ebpf.Address      `bpf:"name"`
	}
)

// opening decides whether a file may be opened: 0, or a negative error number. result is what the
// programs before it at the same hook said.
//
//bpf:section lsm/file_open
func opening(file *File, result int32) int32 {
	if result != 0 {
		return result
	}
	var d Denied
	ebpf.ReadKernelString(d.Name[:], file.Path.Entry.Name.Text)
	if guarded.Lookup(d.Name) == nil {
		return 0
	}
	d.PID, d.UID = ebpf.PID(), ebpf.UID()
	ebpf.CurrentComm(&d.Comm)
	denied.Output(&d)
	return -int32(ebpf.EPERM)
}
