package ebpf

// A KernelStruct marks a struct that stands for one of the kernel's: a blank field whose tag names
// it. Each other field's tag names the kernel's field, and its value comes from where the running
// kernel has it.
//
//	type Task struct {
//		_      ebpf.KernelStruct `bpf:"task_struct"`
//		Tgid   int32             `bpf:"tgid"`
//		Parent ebpf.Address      `bpf:"real_parent"`
//	}
//
// ReadKernel fills one in.
type KernelStruct struct{}

// An Address is a pointer in the kernel's memory, which ReadKernel reads through. A pointer field
// of a kernel struct has this type.
type Address uint64

// CurrentTask is the address of the current task's task_struct.
func CurrentTask() Address { return Address(GetCurrentTask()) }
