// Package bpf reports each file that is opened, by its whole path, and whether that was allowed.
package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

// A File is what we need of the kernel's struct file. Where its fields are, the running kernel says.
type File struct {
	_     ebpf.KernelStruct `bpf:"file"`
	Path  ebpf.Path         `bpf:"f_path"`
	Flags uint32            `bpf:"f_flags"`
	Inode *Inode            `bpf:"f_inode"`
}

// An Inode is what we need of the kernel's struct inode.
type Inode struct {
	_    ebpf.KernelStruct `bpf:"inode"`
	Size int64             `bpf:"i_size"`
}

// An Open is a file that was opened.
type Open struct {
	Took   ebpf.Nanoseconds // in the security modules
	Size   int64            // of the file
	PID    uint32
	Flags  uint32 // O_WRONLY and the like
	Result int32  // negative: the error number
	Comm   ebpf.Comm
	Path   [256]byte `show:"text"`
}

var (
	began = ebpf.Hash[uint32, ebpf.Ktime]{MaxEntries: 10240}
	opens = ebpf.RingBuf[Open]{MaxEntries: 1 << 18}
)

// The kernel asks its security modules about each file that is opened:
//
//	int security_file_open(struct file *file)

//bpf:section fentry/security_file_open
func opening(file *File) int32 {
	began.Update(ebpf.TID(), ebpf.Now())
	return 0
}

// opened runs when the function returns, and gets its arguments and its result.
//
//bpf:section fexit/security_file_open
func opened(file *File, result int32) int32 {
	tid, now := ebpf.TID(), ebpf.Now()
	start := began.Lookup(tid)
	if start == nil {
		return 0
	}
	took := now.Sub(*start)
	began.Delete(tid)
	e := opens.Reserve()
	if e == nil {
		return 0 // no room in the buffer: counted as lost
	}
	e.Took, e.PID, e.Flags, e.Result = took, ebpf.PID(), file.Flags, result
	e.Size = file.Inode.Size
	ebpf.CurrentComm(&e.Comm)
	ebpf.DPath(&file.Path, unsafe.Pointer(&e.Path), uint32(len(e.Path)))
	opens.Submit(e)
	return 0
}
