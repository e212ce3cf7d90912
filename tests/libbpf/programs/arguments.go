// Programs that declare the arguments of what they watch.
package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

// target is the process that is watched.
var target uint32

// Seen is what one program got when it was called last.
type Seen struct {
	Calls   uint64
	Numbers [4]int64
	Text    [64]byte `show:"text"`
}

const (
	entered = iota
	returned
	began
	ended
	before
	after
	decided
	opened
	switched
	many
	denied
)

var seen = ebpf.Array[Seen]{MaxEntries: 16}

// called gives the place for what a program saw, nil where it was called by another process.
func called(which uint32) *Seen {
	if ebpf.PID() != target {
		return nil
	}
	s := seen.Lookup(which)
	if s != nil {
		s.Calls++
	}
	return s
}

// long vfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)

//bpf:section kprobe/vfs_fallocate
func onEntry(file ebpf.Address, mode int32, offset, length int64) int32 {
	if s := called(entered); s != nil {
		s.Numbers = [4]int64{int64(mode), offset, length, 0}
		if file != 0 {
			s.Numbers[3] = 1
		}
	}
	return 0
}

//bpf:section kretprobe/vfs_fallocate
func onReturn(ret int32) int32 {
	if s := called(returned); s != nil {
		s.Numbers[0] = int64(ret)
	}
	return 0
}

//bpf:section ksyscall/fallocate
func onCall(ctx *ebpf.PtRegs, fd, mode int32, _ int64, length int64) int32 {
	if s := called(began); s != nil {
		s.Numbers = [4]int64{int64(fd), int64(mode), length, 0}
		var stack [4]uint64
		s.Numbers[3] = ebpf.GetStack(ctx, unsafe.Pointer(&stack), 32, 0)
	}
	return 0
}

//bpf:section kretsyscall/fallocate
func onResult(ret int64) int32 {
	if s := called(ended); s != nil {
		s.Numbers[0] = ret
	}
	return 0
}

// A File is the kernel's struct file.
type File struct {
	_     ebpf.KernelStruct `bpf:"file"`
	Flags uint32            `bpf:"f_flags"`
}

//bpf:section fentry/vfs_fallocate
func onFentry(file *File, mode int32, offset, length int64) int32 {
	if s := called(before); s != nil {
		s.Numbers = [4]int64{int64(mode), offset, length, int64(file.Flags)}
	}
	return 0
}

//bpf:section fexit/vfs_fallocate
func onFexit(file *File, mode int32, offset, length int64, ret int32) int32 {
	if s := called(after); s != nil {
		s.Numbers = [4]int64{int64(mode), length, int64(ret), int64(file.Flags)}
	}
	return 0
}

// int security_file_open(struct file *file)

var deny int32

//bpf:section fmod_ret/security_file_open
func onOpen(ctx ebpf.Context, file *File, ret int32) int32 {
	s := called(decided)
	if s == nil {
		return ret
	}
	s.Numbers = [4]int64{int64(file.Flags), int64(ret), 0, 0}
	if file.Flags&3 == 1 { // O_WRONLY
		return deny
	}
	return ret
}

//bpf:section lsm/file_open
func onHook(file *File, ret int32) int32 {
	s := called(opened)
	if s == nil || ret != 0 {
		return ret
	}
	s.Numbers = [4]int64{int64(file.Flags), int64(ret), 0, 0}
	if file.Flags&3 == 1 {
		return -int32(ebpf.EACCES)
	}
	return 0
}

//bpf:section lsm_cgroup/socket_bind
func onBind(socket ebpf.Address, address ebpf.Address, length int32) int32 {
	s := called(denied)
	if s == nil {
		return 1
	}
	s.Numbers[0] = int64(length)
	return 0
}

// A Task is the kernel's struct task_struct.
type Task struct {
	_    ebpf.KernelStruct `bpf:"task_struct"`
	PID  int32             `bpf:"pid"`
	Tgid int32             `bpf:"tgid"`
}

//bpf:section tp_btf/sched_switch
func onSwitch(preempt bool, prev, next *Task) int32 {
	if uint32(prev.Tgid) != target {
		return 0
	}
	if s := seen.Lookup(switched); s != nil {
		s.Calls++
		s.Numbers = [4]int64{int64(prev.PID), int64(next.PID), 0, 0}
		if preempt {
			s.Numbers[2]++
		}
	}
	return 0
}

//bpf:section kprobe.multi/vfs_fallocate
func onMany(file ebpf.Address, mode int32) int32 {
	if s := called(many); s != nil {
		s.Numbers[0] = int64(mode)
	}
	return 0
}

//bpf:section kretprobe.multi/vfs_fallocate
func onManyReturns(ret int32) int32 {
	if s := called(many); s != nil {
		s.Numbers[1] = int64(ret)
	}
	return 0
}

//bpf:section uprobe
func onAbs(n int32) int32 {
	if s := called(entered); s != nil {
		s.Numbers[0] = int64(n)
	}
	return 0
}

//bpf:section uretprobe
func onAbsReturns(ret int32) int32 {
	if s := called(returned); s != nil {
		s.Numbers[0] = int64(ret)
	}
	return 0
}

// void sys_enter(struct pt_regs *regs, long id)

//bpf:section raw_tp/sys_enter
func onRaw(ctx *ebpf.RawTracepoint, registers ebpf.Address, id int64) int32 {
	if id != 110 || ebpf.PID() != target { // getppid on x86-64
		return 0
	}
	if s := called(began); s != nil {
		s.Numbers = [4]int64{id, int64(ctx.Args[1]), 0, 0}
		if registers == ebpf.Address(ctx.Args[0]) && registers != 0 {
			s.Numbers[2] = 1
		}
	}
	return 0
}
