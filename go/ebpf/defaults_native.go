//go:build !bpf

package ebpf

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
	"unsafe"

	"tinybpf/ebpf/internal/mem"
)

// What helpers do natively where there is something honest to do; a test can replace each with
// ebpftest.Set. The generator has a helper X call the function defaultX where there is one.

// noNative is what a helper without one panics with.
func noNative(name string) string {
	return "ebpf." + name + " has no native implementation; give it one with ebpftest.Set"
}

// The test is a process of one thread: which of Go's threads runs it can change at any time.

func defaultGetCurrentPidTgid() uint64 { return uint64(os.Getpid())<<32 | uint64(os.Getpid()) }

func defaultGetCurrentUidGid() uint64 {
	return uint64(uint32(os.Getgid()))<<32 | uint64(uint32(os.Getuid()))
}

func defaultGetCurrentComm(buf unsafe.Pointer, size uint32) int64 {
	if size == 0 {
		return -int64(EINVAL)
	}
	to := memory(buf, size)
	clear(to)
	name := filepath.Base(os.Args[0])
	copy(to[:size-1], name[:min(len(name), len(Comm{})-1)])
	return 0
}

// The machine in memory was started an hour before the test, and never slept.

var started = time.Now().Add(-time.Hour)

const (
	ticksPerSecond = 250
	tick           = time.Second / ticksPerSecond
	firstTick      = 1<<32 - 300*ticksPerSecond // the kernel lets the lower half overflow early
	taiOffset      = 37 * time.Second           // leap seconds since 1972, and the 10 before
)

func defaultKtimeGetNs() uint64       { return uint64(time.Since(started)) }
func defaultKtimeGetBootNs() uint64   { return uint64(time.Since(started)) }
func defaultKtimeGetCoarseNs() uint64 { return uint64(time.Since(started).Truncate(tick)) }
func defaultKtimeGetTaiNs() uint64    { return uint64(time.Now().Add(taiOffset).UnixNano()) }
func defaultJiffies64() uint64        { return firstTick + uint64(time.Since(started)/tick) }

func defaultGetPrandomU32() uint32      { return rand.Uint32() }
func defaultGetSmpProcessorId() uint32  { return uint32(mem.CPU()) }
func defaultGetNumaNodeId() int64       { return 0 }
func defaultBpfSpinLock(lock *SpinLock) { spinLock(lock) }
func defaultSpinUnlock(lock *SpinLock)  { spinUnlock(lock) }

// Memory by address: what ebpftest put there.

// probed is the memory that an address belongs to: the kernel's is the upper half.
func probed(addr uint64) *mem.Space {
	if addr>>63 != 0 {
		return mem.Kernel
	}
	return mem.User
}

func defaultProbeRead(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	return probed(addr).Read(dst, size, addr)
}

func defaultProbeReadStr(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	return probed(addr).ReadString(dst, size, addr)
}

func defaultProbeReadUser(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	return mem.User.Read(dst, size, addr)
}

func defaultProbeReadUserStr(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	return mem.User.ReadString(dst, size, addr)
}

func defaultProbeReadKernel(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	return mem.Kernel.Read(dst, size, addr)
}

func defaultProbeReadKernelStr(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	return mem.Kernel.ReadString(dst, size, addr)
}

func defaultProbeWriteUser(dst uint64, src unsafe.Pointer, size uint32) int64 {
	return mem.User.Write(dst, src, size)
}

func defaultCopyFromUser(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	return mem.User.Read(dst, size, addr)
}

// memory is the program's at p.
func memory(p unsafe.Pointer, size uint32) []byte { return unsafe.Slice((*byte)(p), size) }

// Maps.

func defaultMapLookupElem(m Map, key unsafe.Pointer) unsafe.Pointer {
	return mapLookup(stateOf(m), key)
}

func defaultMapLookupPercpuElem(m Map, key unsafe.Pointer, cpu uint32) unsafe.Pointer {
	values := stateOf(m).mem().Values(key)
	if cpu >= uint32(len(values)) {
		return nil
	}
	return values[cpu]
}

func defaultMapUpdateElem(m Map, key, value unsafe.Pointer, flags uint64) int64 {
	return mapUpdate(stateOf(m), key, value, flags)
}

func defaultMapDeleteElem(m Map, key unsafe.Pointer) int64 { return mapDelete(stateOf(m), key) }

func defaultMapPushElem(m Map, value unsafe.Pointer, flags uint64) int64 {
	return mapPush(stateOf(m), value, flags)
}

func defaultMapPopElem(m Map, value unsafe.Pointer) int64 { return mapPop(stateOf(m), value) }

func defaultMapPeekElem(m Map, value unsafe.Pointer) int64 { return mapPeek(stateOf(m), value) }

func defaultTailCall(ctx Context, m Map, index uint32) { tailCall(ctx, stateOf(m), index) }

func defaultRingbufOutput(m Map, data unsafe.Pointer, size, flags uint64) int64 {
	return ringbufOutput(stateOf(m), data, size, flags)
}

func defaultRingbufReserve(m Map, size, flags uint64) unsafe.Pointer {
	return ringbufReserve(stateOf(m), size, flags)
}

func defaultRingbufSubmit(data unsafe.Pointer, flags uint64) { ringbufSubmit(data, flags) }

func defaultRingbufDiscard(data unsafe.Pointer, flags uint64) { ringbufDiscard(data, flags) }

func defaultRingbufQuery(m Map, flags uint64) uint64 { return ringbufQuery(stateOf(m), flags) }

func defaultPerfEventOutput(ctx Context, m Map, flags uint64, data unsafe.Pointer, size uint64) int64 {
	return perfEventOutput(ctx, stateOf(m), flags, data, size)
}

func defaultBpfLoop(
	n uint32, callback func(index uint32, ctx unsafe.Pointer) int64, ctx unsafe.Pointer, flags uint64,
) int64 {
	switch {
	case flags != 0:
		return -int64(EINVAL)
	case n > maxLoops:
		return -int64(E2BIG)
	}
	return int64(loop(n, func(i uint32) bool { return callback(i, ctx) == 0 }))
}

// Packets: those of contexts that ebpftest made.

// packetOf gives the packet of a context; the helpers that look into one panic where there is none.
func packetOf(helper string, ctx Context) *mem.Packet {
	var packet *mem.Packet
	switch ctx := ctx.(type) {
	case *XDP:
		packet = mem.PacketOf(ctx.data)
	case *SKB:
		packet = mem.PacketOf(ctx.data)
	}
	if packet == nil {
		panic("ebpf." + helper + ": the context has no packet; make it with package ebpftest")
	}
	return packet
}

// inPacket gives size bytes of the packet at offset, nil where they are not all there.
func inPacket(helper string, ctx Context, offset, size uint32) []byte {
	p := packetOf(helper, ctx).At(offset, size)
	if p == nil {
		return nil
	}
	return memory(p, size)
}

func defaultSkbLoadBytes(ctx Context, offset uint32, to unsafe.Pointer, size uint32) int64 {
	from := inPacket("SkbLoadBytes", ctx, offset, size)
	if from == nil {
		clear(memory(to, size))
		return -int64(EFAULT)
	}
	copy(memory(to, size), from)
	return 0
}

func defaultSkbStoreBytes(ctx *SKB, offset uint32, from unsafe.Pointer, size uint32, flags uint64) int64 {
	if flags&^(FRecomputeCsum|FInvalidateHash) != 0 {
		return -int64(EINVAL)
	}
	to := inPacket("SkbStoreBytes", ctx, offset, size)
	if to == nil {
		return -int64(EFAULT)
	}
	copy(to, memory(from, size))
	if flags&FInvalidateHash != 0 {
		ctx.Hash = 0
	}
	return 0
}

func defaultSkbPullData(ctx *SKB, size uint32) int64 {
	if uint64(size) > uint64(len(packetOf("SkbPullData", ctx).Bytes())) {
		return -int64(ENOMEM)
	}
	return 0
}

func defaultXdpGetBuffLen(ctx *XDP) uint64 {
	return uint64(len(packetOf("XdpGetBuffLen", ctx).Bytes()))
}

func defaultXdpLoadBytes(ctx *XDP, offset uint32, buf unsafe.Pointer, size uint32) int64 {
	from := inPacket("XdpLoadBytes", ctx, offset, size)
	if from == nil {
		return -int64(EINVAL)
	}
	copy(memory(buf, size), from)
	return 0
}

func defaultXdpStoreBytes(ctx *XDP, offset uint32, buf unsafe.Pointer, size uint32) int64 {
	to := inPacket("XdpStoreBytes", ctx, offset, size)
	if to == nil {
		return -int64(EINVAL)
	}
	copy(to, memory(buf, size))
	return 0
}

func defaultXdpAdjustHead(ctx *XDP, delta int32) int64 {
	return moved(packetOf("XdpAdjustHead", ctx).Move(int(delta), 0))
}

func defaultXdpAdjustTail(ctx *XDP, delta int32) int64 {
	return moved(packetOf("XdpAdjustTail", ctx).Move(0, int(delta)))
}

func moved(ok bool) int64 {
	if !ok {
		return -int64(EINVAL)
	}
	return 0
}

func defaultForEachMapElem(
	m Map, callback func(m Map, key, value, ctx unsafe.Pointer) int64, ctx unsafe.Pointer, flags uint64,
) (calls int64) {
	in := stateOf(m).mem()
	if flags != 0 {
		return -int64(EINVAL)
	}
	for _, key := range keysOf(in) {
		values := in.Values(key)
		if values == nil {
			continue // removed by a call before
		}
		calls++
		if callback(m, key, values[mem.CPU()%len(values)], ctx) != 0 {
			break
		}
	}
	return calls
}

// keysOf gives the addresses of copies of a map's keys, of an array those of its indices.
func keysOf(in *mem.Map) (keys []unsafe.Pointer) {
	if in.Kind == mem.Array || in.Kind == mem.PerCPUArray {
		for index := range in.MaxEntries {
			keys = append(keys, unsafe.Pointer(&index))
		}
		return keys
	}
	for _, text := range in.Keys() {
		key := make([]uint64, (len(text)+7)/8) // aligned for any key
		copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(key))), len(text)), text)
		keys = append(keys, unsafe.Pointer(unsafe.SliceData(key)))
	}
	return keys
}
