package ebpf

import "unsafe"

// A Comm is a task's name: the kernel's comm, with a 0 at its end.
type Comm [16]byte

// CurrentComm copies the name of the current task into comm.
func CurrentComm(comm *Comm) Errno {
	return errno(GetCurrentComm(unsafe.Pointer(comm), uint32(len(comm))))
}

// PID is the process id of the current task, which the kernel calls tgid.
func PID() uint32 { return uint32(GetCurrentPidTgid() >> 32) }

// TID is the thread id of the current task, which the kernel calls pid.
func TID() uint32 { return uint32(GetCurrentPidTgid()) }

// UID is the user id of the current task.
func UID() uint32 { return uint32(GetCurrentUidGid()) }

// GID is the group id of the current task.
func GID() uint32 { return uint32(GetCurrentUidGid() >> 32) }

// A Ktime is a time in nanoseconds since the machine was started, without the time that it slept.
type Ktime uint64

// Nanoseconds are a length of time.
type Nanoseconds uint64

// Now is the time.
func Now() Ktime { return Ktime(KtimeGetNs()) }

// Sub is the time from u to t.
func (t Ktime) Sub(u Ktime) Nanoseconds { return Nanoseconds(t - u) }

// ReadUser copies a value from the memory of the current process at addr, which may be anything:
// EFAULT where nothing is there, and the value is zero then. Linux 5.5.
func ReadUser[T any, A ~uint64](value *T, addr A) Errno {
	return errno(ProbeReadUser(unsafe.Pointer(value), uint32(unsafe.Sizeof(*value)), uint64(addr)))
}

// ReadKernel copies a value from the kernel's memory at addr: EFAULT where nothing is there, and
// the value is zero then. Linux 5.5.
func ReadKernel[T any, A ~uint64](value *T, addr A) Errno {
	return errno(ProbeReadKernel(unsafe.Pointer(value), uint32(unsafe.Sizeof(*value)), uint64(addr)))
}

// ReadUserString copies a string that ends with 0 from the memory of the current process, as much
// as text has room for with the 0: ReadUserString(e.Path[:], addr). It gives the number of bytes
// with the 0, or a negative error number, and text is empty then. Memory that is not in core (a
// page that was never touched, or was swapped out) is EFAULT. Linux 5.5.
func ReadUserString[A ~uint64](text []byte, addr A) int64 {
	return ProbeReadUserStr(unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)), uint64(addr))
}

// ReadKernelString is ReadUserString from the kernel's memory.
func ReadKernelString[A ~uint64](text []byte, addr A) int64 {
	return ProbeReadKernelStr(unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)), uint64(addr))
}

// ReadDataLoc copies a tracepoint's string: ReadDataLoc(e.Path[:], ctx, ctx.Filename).
func ReadDataLoc(text []byte, ctx Context, field DataLoc) int64 {
	return readDataLoc(unsafe.Pointer(unsafe.SliceData(text)), uint32(len(text)), ctx, field.Offset())
}
