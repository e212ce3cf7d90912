// Counts what cgroups send, in the storage that the kernel keeps with each cgroup and program.
package bpf

import (
	"unsafe"

	"tinybpf/ebpf"
)

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
}

var (
	counted = bpfMapDef{Type: 19, KeySize: 16, ValueSize: 8}
	perCPU  = bpfMapDef{Type: 21, KeySize: 16, ValueSize: 8}
)

//go:extern bpf_get_local_storage
func getLocalStorage(m unsafe.Pointer, flags uint64) *uint64

//bpf:section cgroup_skb/egress
func count(ctx ebpf.Context) int32 {
	*getLocalStorage(unsafe.Pointer(&counted), 0) += 1
	*getLocalStorage(unsafe.Pointer(&perCPU), 0) += 1
	return 1
}
