package ebpftest

import (
	"encoding/binary"
	"unsafe"

	"tinybpf/ebpf"
	"tinybpf/ebpf/internal/mem"
)

// XDP makes a context with a copy of an Ethernet frame, which has arrived on interface 1.
func XDP(frame []byte) *ebpf.XDP {
	ctx := &ebpf.XDP{IngressIfindex: 1}
	*mem.PacketField(ctx) = mem.AddPacket(frame)
	return ctx
}

const vlanPresent = 0x1000

// SKB makes the context of tc, tcx or netkit programs with a copy of an Ethernet frame, which has
// arrived on interface 1. As in the kernel, a VLAN tag is no longer in the packet: VLANPresent,
// VLANProto and VLANTCI have it.
func SKB(frame []byte) *ebpf.SKB {
	frame = append([]byte(nil), frame...)
	ctx := &ebpf.SKB{IngressIfindex: 1, Ifindex: 1, WireLen: uint32(len(frame))}
	if len(frame) >= 18 && etherType(frame) == ebpf.EtherTypeVLAN {
		ctx.VLANPresent = 1
		ctx.VLANProto = uint32(binary.NativeEndian.Uint16(frame[12:]))
		ctx.VLANTCI = uint32(binary.BigEndian.Uint16(frame[14:]))
		frame = append(frame[:12], frame[16:]...)
	}
	if len(frame) >= 14 {
		mem.SetProtocol(ctx, etherType(frame))
	}
	ctx.Len = uint32(len(frame))
	*mem.PacketField(ctx) = mem.AddPacket(frame)
	return ctx
}

func etherType(frame []byte) uint16 { return binary.BigEndian.Uint16(frame[12:]) }

// IPSKB makes the context of cgroup_skb programs with a copy of an IP packet: it has no Ethernet
// header.
func IPSKB(packet []byte) *ebpf.SKB {
	ctx := &ebpf.SKB{Len: uint32(len(packet)), IngressIfindex: 1, Ifindex: 1}
	if len(packet) > 0 {
		switch packet[0] >> 4 {
		case 4:
			mem.SetProtocol(ctx, ebpf.EtherTypeIPv4)
		case 6:
			mem.SetProtocol(ctx, ebpf.EtherTypeIPv6)
		}
	}
	*mem.PacketField(ctx) = mem.AddPacket(packet)
	return ctx
}

// Packet gives the packet of a context as it is now: a copy of it.
func Packet[C ebpf.PacketContext](ctx C) []byte {
	return append([]byte(nil), mem.PacketOf(*mem.PacketField(ctx)).Bytes()...)
}

// SchedProcessExec makes the context of tracepoint/sched/sched_process_exec.
func SchedProcessExec(path string, pid int32) *ebpf.SchedProcessExec {
	return RecordWith(ebpf.SchedProcessExec{PID: pid, OldPID: pid}, path,
		func(r *ebpf.SchedProcessExec) *ebpf.DataLoc { return &r.Filename })
}

// RecordWith makes the context of a tracepoint with a string: record has its other fields, and
// field says which one is the string's.
//
//	ctx := ebpftest.RecordWith(signal{Sig: 9}, "sshd", func(r *signal) *ebpf.DataLoc { return &r.Comm })
func RecordWith[R any](record R, text string, field func(*R) *ebpf.DataLoc) *R {
	size := unsafe.Sizeof(record)
	*field(&record) = ebpf.DataLoc(uint32(size) | uint32(len(text)+1)<<16)
	data := append(append(append([]byte(nil), bytesOf(&record)...), text...), 0)
	mem.AddRecord(unsafe.Pointer(&record), data)
	return &record
}

// UserString puts a string with a 0 at its end into the memory of the current process, and gives
// its address: an argument for ebpf.SysEnter, which ebpf.ReadUserString reads.
func UserString(text string) uint64 { return mem.User.Add(append([]byte(text), 0)) }

// User puts a copy of a value into the memory of the current process, and gives its address.
// Reading from any other address gives EFAULT.
func User[T any](value T) uint64 { return mem.User.Add(bytesOf(&value)) }

// KernelString puts a string with a 0 at its end into the kernel's memory, and gives its address.
func KernelString(text string) uint64 { return mem.Kernel.Add(append([]byte(text), 0)) }

// Kernel puts a copy of a value into the kernel's memory, and gives its address. A struct with an
// ebpf.KernelStruct is read back as the program declares it: offsets are no matter natively.
func Kernel[T any](value T) uint64 { return mem.Kernel.Add(bytesOf(&value)) }

// UserValue gives the value at an address in the memory of the current process, which a program
// may have written; false where nothing is there.
func UserValue[T any](addr uint64) (value T, ok bool) {
	data := mem.User.Bytes(addr, int(unsafe.Sizeof(value)))
	if data == nil {
		return value, false
	}
	return valueOf[T](data), true
}
