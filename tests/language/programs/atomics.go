package atomics

import "sync/atomic"

// Each function and method of sync/atomic that the kernel has, on package variables.

var Effects uint64

var vInt32 int32

func FunctionsInt32(a, b, c int32) (added, loaded, and, or, swapped int32, was, is bool, end int32) {
	atomic.StoreInt32(&vInt32, a)
	added = atomic.AddInt32(&vInt32, b)
	loaded = atomic.LoadInt32(&vInt32)
	and = atomic.AndInt32(&vInt32, c)
	or = atomic.OrInt32(&vInt32, a^c)
	was = atomic.CompareAndSwapInt32(&vInt32, a, b)
	is = atomic.CompareAndSwapInt32(&vInt32, atomic.LoadInt32(&vInt32), c)
	swapped = atomic.SwapInt32(&vInt32, b)
	return added, loaded, and, or, swapped, was, is, vInt32
}

var tInt32 atomic.Int32

func MethodsInt32(a, b, c int32) (added, loaded, and, or, swapped int32, was, is bool, end int32) {
	tInt32.Store(a)
	added = tInt32.Add(b)
	loaded = tInt32.Load()
	and = tInt32.And(c)
	or = tInt32.Or(a ^ c)
	was = tInt32.CompareAndSwap(a, b)
	is = tInt32.CompareAndSwap(tInt32.Load(), c)
	swapped = tInt32.Swap(b)
	return added, loaded, and, or, swapped, was, is, tInt32.Load()
}

var vInt64 int64

func FunctionsInt64(a, b, c int64) (added, loaded, and, or, swapped int64, was, is bool, end int64) {
	atomic.StoreInt64(&vInt64, a)
	added = atomic.AddInt64(&vInt64, b)
	loaded = atomic.LoadInt64(&vInt64)
	and = atomic.AndInt64(&vInt64, c)
	or = atomic.OrInt64(&vInt64, a^c)
	was = atomic.CompareAndSwapInt64(&vInt64, a, b)
	is = atomic.CompareAndSwapInt64(&vInt64, atomic.LoadInt64(&vInt64), c)
	swapped = atomic.SwapInt64(&vInt64, b)
	return added, loaded, and, or, swapped, was, is, vInt64
}

var tInt64 atomic.Int64

func MethodsInt64(a, b, c int64) (added, loaded, and, or, swapped int64, was, is bool, end int64) {
	tInt64.Store(a)
	added = tInt64.Add(b)
	loaded = tInt64.Load()
	and = tInt64.And(c)
	or = tInt64.Or(a ^ c)
	was = tInt64.CompareAndSwap(a, b)
	is = tInt64.CompareAndSwap(tInt64.Load(), c)
	swapped = tInt64.Swap(b)
	return added, loaded, and, or, swapped, was, is, tInt64.Load()
}

var vUint32 uint32

func FunctionsUint32(a, b, c uint32) (added, loaded, and, or, swapped uint32, was, is bool, end uint32) {
	atomic.StoreUint32(&vUint32, a)
	added = atomic.AddUint32(&vUint32, b)
	loaded = atomic.LoadUint32(&vUint32)
	and = atomic.AndUint32(&vUint32, c)
	or = atomic.OrUint32(&vUint32, a^c)
	was = atomic.CompareAndSwapUint32(&vUint32, a, b)
	is = atomic.CompareAndSwapUint32(&vUint32, atomic.LoadUint32(&vUint32), c)
	swapped = atomic.SwapUint32(&vUint32, b)
	return added, loaded, and, or, swapped, was, is, vUint32
}

var tUint32 atomic.Uint32

func MethodsUint32(a, b, c uint32) (added, loaded, and, or, swapped uint32, was, is bool, end uint32) {
	tUint32.Store(a)
	added = tUint32.Add(b)
	loaded = tUint32.Load()
	and = tUint32.And(c)
	or = tUint32.Or(a ^ c)
	was = tUint32.CompareAndSwap(a, b)
	is = tUint32.CompareAndSwap(tUint32.Load(), c)
	swapped = tUint32.Swap(b)
	return added, loaded, and, or, swapped, was, is, tUint32.Load()
}

var vUint64 uint64

func FunctionsUint64(a, b, c uint64) (added, loaded, and, or, swapped uint64, was, is bool, end uint64) {
	atomic.StoreUint64(&vUint64, a)
	added = atomic.AddUint64(&vUint64, b)
	loaded = atomic.LoadUint64(&vUint64)
	and = atomic.AndUint64(&vUint64, c)
	or = atomic.OrUint64(&vUint64, a^c)
	was = atomic.CompareAndSwapUint64(&vUint64, a, b)
	is = atomic.CompareAndSwapUint64(&vUint64, atomic.LoadUint64(&vUint64), c)
	swapped = atomic.SwapUint64(&vUint64, b)
	return added, loaded, and, or, swapped, was, is, vUint64
}

var tUint64 atomic.Uint64

func MethodsUint64(a, b, c uint64) (added, loaded, and, or, swapped uint64, was, is bool, end uint64) {
	tUint64.Store(a)
	added = tUint64.Add(b)
	loaded = tUint64.Load()
	and = tUint64.And(c)
	or = tUint64.Or(a ^ c)
	was = tUint64.CompareAndSwap(a, b)
	is = tUint64.CompareAndSwap(tUint64.Load(), c)
	swapped = tUint64.Swap(b)
	return added, loaded, and, or, swapped, was, is, tUint64.Load()
}

var vUintptr uintptr

func FunctionsUintptr(a, b, c uintptr) (added, loaded, and, or, swapped uintptr, was, is bool, end uintptr) {
	atomic.StoreUintptr(&vUintptr, a)
	added = atomic.AddUintptr(&vUintptr, b)
	loaded = atomic.LoadUintptr(&vUintptr)
	and = atomic.AndUintptr(&vUintptr, c)
	or = atomic.OrUintptr(&vUintptr, a^c)
	was = atomic.CompareAndSwapUintptr(&vUintptr, a, b)
	is = atomic.CompareAndSwapUintptr(&vUintptr, atomic.LoadUintptr(&vUintptr), c)
	swapped = atomic.SwapUintptr(&vUintptr, b)
	return added, loaded, and, or, swapped, was, is, vUintptr
}

var tUintptr atomic.Uintptr

func MethodsUintptr(a, b, c uintptr) (added, loaded, and, or, swapped uintptr, was, is bool, end uintptr) {
	tUintptr.Store(a)
	added = tUintptr.Add(b)
	loaded = tUintptr.Load()
	and = tUintptr.And(c)
	or = tUintptr.Or(a ^ c)
	was = tUintptr.CompareAndSwap(a, b)
	is = tUintptr.CompareAndSwap(tUintptr.Load(), c)
	swapped = tUintptr.Swap(b)
	return added, loaded, and, or, swapped, was, is, tUintptr.Load()
}

var flag atomic.Bool

func MethodsBool(a, b, c bool) (loaded, swapped, was, end bool) {
	flag.Store(a)
	loaded = flag.Load()
	swapped = flag.Swap(b)
	was = flag.CompareAndSwap(c, a)
	return loaded, swapped, was, flag.Load()
}

type counters struct {
	small uint32
	large uint64
	typed atomic.Int32
}

var table [4]counters

func InTable(i uint8, by uint64) (uint32, uint64, int32) {
	table[i&3] = counters{}
	c := &table[i&3]
	atomic.AddUint64(&c.large, by)
	Effects = atomic.AddUint64(&Effects, by)
	return atomic.OrUint32(&table[i&3].small, 7), atomic.AddUint64(&table[i&3].large, 1), c.typed.Add(-5)
}

func Local(a, b uint64) (uint64, uint64) {
	x := a
	y := atomic.AddUint64(&x, b)
	return x, y
}
