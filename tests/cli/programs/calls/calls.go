// Reports calls of getpgid as events, as text and in maps.
package main

import "unsafe"

type bpfMapDef struct {
	Type       uint32
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	MapFlags   uint32
}

const (
	mapTypeHash    = 1
	mapTypeArray   = 2
	mapTypeRingbuf = 27
)

// Call is a call of getpgid.
type Call struct {
	PID  uint32
	Arg  int32
	Comm [16]byte
	Big  uint64
}

// targetPid limits events to a process; 0: all.
var targetPid uint32

// onlyArg limits events to calls with this argument; 0: all.
var onlyArg int32

// add is added to what is counted.
var add uint64 = 1

// What the typed package would count.
var ebpf_lost_events uint64
var ebpf_panics uint64

var events = bpfMapDef{Type: mapTypeRingbuf, MaxEntries: 1 << 16}

// byArg has the number of calls by argument.
var byArg = bpfMapDef{Type: mapTypeHash, KeySize: 4, ValueSize: 8, MaxEntries: 64}

// total has the number of calls.
var total = bpfMapDef{Type: mapTypeArray, KeySize: 4, ValueSize: 8, MaxEntries: 2}

type enterGetpgid struct {
	_   [16]byte
	PID int64
}

//go:extern bpf_get_current_pid_tgid
func bpfGetCurrentPidTgid() uint64

//go:extern bpf_get_current_comm
func bpfGetCurrentComm(buf unsafe.Pointer, size uint32) int64

//go:extern bpf_ringbuf_output
func bpfRingbufOutput(ring unsafe.Pointer, data unsafe.Pointer, size uint64, flags uint64) int64

//go:extern bpf_map_lookup_elem
func bpfMapLookupElem(m unsafe.Pointer, key unsafe.Pointer) unsafe.Pointer

//go:extern bpf_map_update_elem
func bpfMapUpdateElem(m unsafe.Pointer, key unsafe.Pointer, value unsafe.Pointer, flags uint64) int64

func count(m unsafe.Pointer, key int32) {
	if found := (*uint64)(bpfMapLookupElem(m, unsafe.Pointer(&key))); found != nil {
		*found += add
		return
	}
	first := add
	bpfMapUpdateElem(m, unsafe.Pointer(&key), unsafe.Pointer(&first), 0)
}

//bpf:section tracepoint/syscalls/sys_enter_getpgid
//export on_call
func on_call(ctx unsafe.Pointer) int32 {
	arg := int32((*enterGetpgid)(ctx).PID)
	pid := uint32(bpfGetCurrentPidTgid() >> 32)
	if (targetPid != 0 && pid != targetPid) || (onlyArg != 0 && arg != onlyArg) {
		return 0
	}
	event := Call{PID: pid, Arg: arg, Big: 1 << 60}
	bpfGetCurrentComm(unsafe.Pointer(&event.Comm), 16)
	if bpfRingbufOutput(unsafe.Pointer(&events), unsafe.Pointer(&event), 32, 0) != 0 {
		ebpf_lost_events++
	}
	if arg == -7 {
		ebpf_panics++
	}
	count(unsafe.Pointer(&byArg), arg)
	count(unsafe.Pointer(&total), 0)
	return 0
}

func main() {}
