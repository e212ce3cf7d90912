package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

type task struct {
	_   ebpf.KernelStruct `bpf:"task_struct"`
	Pid int32             `bpf:"pid"`
}

type mine struct{ a, b int32 }

//bpf:section kprobe/do_sys_openat2
func seven(a, b, c, d, e, f, g uint64) int32 { return 0 }

//bpf:section kretprobe/do_sys_openat2
func returned(dfd int32, ret int64) int32 { return 0 }

//bpf:section ksyscall/openat
func text(dfd int32, name string) int32 { return 0 }

//bpf:section kretsyscall/openat
func both(fd, ret int64) int32 { return 0 }

//bpf:section kprobe/wake_up_new_task
func followed(prev *task, flags uint64) int32 { return prev.Pid }

//bpf:section fentry/do_unlinkat
func struct_(dfd int32, name *mine) int32 { return name.a }

//bpf:section fentry/do_unlinkat
func number(name *uint64, dfd int32) int32 { return 0 }

//bpf:section fexit/do_unlinkat
func fine(dfd int32, name, ret float64) int32 { return 0 }

//bpf:section lsm/file_open
func first(ctx unsafe.Pointer, ret int32) int32 { return 0 }

//bpf:section lsm/file_open
func late(file *ebpf.File, ctx ebpf.Context) int32 { return 0 }

//bpf:section lsm/file_open
func value(file mine) int32 { return 0 }

//bpf:section fmod_ret/security_file_open
func nothing(file *ebpf.File, ret int32) {}

//bpf:section kprobe.session/vfs_*
func session(a, b uint64) int32 { return 0 }

//bpf:section usdt/libc.so.6:libc:setjmp
func usdt(a, b uint64) int32 { return 0 }

//bpf:section tp_btf/sched_switch
func many(a, b, c, d, e, f, g, h, i, j, k, l, m uint64) int32 { return 0 }

//bpf:section tracepoint/sched/sched_switch
func traced(preempt bool, prev ebpf.Address) int32 { return 0 }

//bpf:section iter/task
func walk(a ebpf.Address, b *ebpf.TaskStruct) int32 { return 0 }

//bpf:section kprobe/do_unlinkat+0x10
func inside(dfd int32, name ebpf.Address) int32 { return 0 }

//bpf:section kprobe/wake_up_new_task
func alone(new *task) int32 { return new.Pid }

//bpf:section raw_tp/sched_wakeup
func opaque(woken *ebpf.TaskStruct) int32 { return 0 }
