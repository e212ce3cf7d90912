// Programs of the established dialect that declare the arguments of what they watch.
package main

import "unsafe"

// target is the process that is watched.
var target uint32

var calls uint64
var mode, result int32
var offset, length int64
var flags uint32

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_probe_read_kernel
func bpfProbeReadKernel(dst unsafe.Pointer, size uint32, src unsafe.Pointer) int64

func ours() bool {
	if uint32(bpfGetCurrentPidTgid()>>32) != target {
		return false
	}
	calls++
	return true
}

type bpfCoreFile struct {
	Flags uint32 `bpf:"f_flags"`
}

//bpf:section kprobe/vfs_fallocate
//export onEntry
func onEntry(file unsafe.Pointer, m int32, o, l int64) int32 {
	if ours() {
		mode, offset, length = m, o, l
		var core bpfCoreFile
		bpfProbeReadKernel(unsafe.Pointer(&core), uint32(unsafe.Sizeof(core)), file)
		flags = core.Flags
	}
	return 0
}

//bpf:section kretprobe/vfs_fallocate
//export onReturn
func onReturn(ret int32) int32 {
	if ours() {
		result = ret
	}
	return 0
}

//bpf:section ksyscall/fallocate
//export onCall
func onCall(fd, m int32, o, l int64) int32 {
	if ours() {
		mode, offset, length, result = m, o, l, fd
	}
	return 0
}

//bpf:section fexit/vfs_fallocate
//export onFexit
func onFexit(file *bpfCoreFile, m int32, o, l int64, ret int32) int32 {
	if ours() && file != nil {
		mode, offset, length, result, flags = m, o, l, ret, file.Flags
	}
	return 0
}

//bpf:section lsm/file_open
//export onHook
func onHook(file *bpfCoreFile, ret int32) int32 {
	if ret == 0 && file != nil && file.Flags&3 == 1 && ours() {
		return -13 // -EACCES
	}
	return ret
}

//bpf:section uprobe
//export onAbs
func onAbs(n int32) int32 {
	if ours() {
		result = n
	}
	return 0
}
