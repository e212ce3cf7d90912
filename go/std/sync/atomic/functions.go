//go:build bpf

package atomic

// The functions, each one instruction of the kernel's machine.

// AddInt32 adds delta to *addr and gives the new value.
//
//bpf:builtin atomic_add
func AddInt32(addr *int32, delta int32) (new int32)

// AndInt32 sets *addr to *addr & mask and gives the old value.
//
//bpf:builtin atomic_and
func AndInt32(addr *int32, mask int32) (old int32)

// OrInt32 sets *addr to *addr | mask and gives the old value.
//
//bpf:builtin atomic_or
func OrInt32(addr *int32, mask int32) (old int32)

// SwapInt32 sets *addr to new and gives the old value.
//
//bpf:builtin atomic_swap
func SwapInt32(addr *int32, new int32) (old int32)

// CompareAndSwapInt32 sets *addr to new where it is old, and tells whether it was.
//
//bpf:builtin atomic_compare_and_swap
func CompareAndSwapInt32(addr *int32, old, new int32) (swapped bool)

// LoadInt32 gives *addr.
//
//bpf:builtin atomic_load
func LoadInt32(addr *int32) (val int32)

// StoreInt32 sets *addr to val.
//
//bpf:builtin atomic_store
func StoreInt32(addr *int32, val int32)

// AddInt64 adds delta to *addr and gives the new value.
//
//bpf:builtin atomic_add
func AddInt64(addr *int64, delta int64) (new int64)

// AndInt64 sets *addr to *addr & mask and gives the old value.
//
//bpf:builtin atomic_and
func AndInt64(addr *int64, mask int64) (old int64)

// OrInt64 sets *addr to *addr | mask and gives the old value.
//
//bpf:builtin atomic_or
func OrInt64(addr *int64, mask int64) (old int64)

// SwapInt64 sets *addr to new and gives the old value.
//
//bpf:builtin atomic_swap
func SwapInt64(addr *int64, new int64) (old int64)

// CompareAndSwapInt64 sets *addr to new where it is old, and tells whether it was.
//
//bpf:builtin atomic_compare_and_swap
func CompareAndSwapInt64(addr *int64, old, new int64) (swapped bool)

// LoadInt64 gives *addr.
//
//bpf:builtin atomic_load
func LoadInt64(addr *int64) (val int64)

// StoreInt64 sets *addr to val.
//
//bpf:builtin atomic_store
func StoreInt64(addr *int64, val int64)

// AddUint32 adds delta to *addr and gives the new value.
//
//bpf:builtin atomic_add
func AddUint32(addr *uint32, delta uint32) (new uint32)

// AndUint32 sets *addr to *addr & mask and gives the old value.
//
//bpf:builtin atomic_and
func AndUint32(addr *uint32, mask uint32) (old uint32)

// OrUint32 sets *addr to *addr | mask and gives the old value.
//
//bpf:builtin atomic_or
func OrUint32(addr *uint32, mask uint32) (old uint32)

// SwapUint32 sets *addr to new and gives the old value.
//
//bpf:builtin atomic_swap
func SwapUint32(addr *uint32, new uint32) (old uint32)

// CompareAndSwapUint32 sets *addr to new where it is old, and tells whether it was.
//
//bpf:builtin atomic_compare_and_swap
func CompareAndSwapUint32(addr *uint32, old, new uint32) (swapped bool)

// LoadUint32 gives *addr.
//
//bpf:builtin atomic_load
func LoadUint32(addr *uint32) (val uint32)

// StoreUint32 sets *addr to val.
//
//bpf:builtin atomic_store
func StoreUint32(addr *uint32, val uint32)

// AddUint64 adds delta to *addr and gives the new value.
//
//bpf:builtin atomic_add
func AddUint64(addr *uint64, delta uint64) (new uint64)

// AndUint64 sets *addr to *addr & mask and gives the old value.
//
//bpf:builtin atomic_and
func AndUint64(addr *uint64, mask uint64) (old uint64)

// OrUint64 sets *addr to *addr | mask and gives the old value.
//
//bpf:builtin atomic_or
func OrUint64(addr *uint64, mask uint64) (old uint64)

// SwapUint64 sets *addr to new and gives the old value.
//
//bpf:builtin atomic_swap
func SwapUint64(addr *uint64, new uint64) (old uint64)

// CompareAndSwapUint64 sets *addr to new where it is old, and tells whether it was.
//
//bpf:builtin atomic_compare_and_swap
func CompareAndSwapUint64(addr *uint64, old, new uint64) (swapped bool)

// LoadUint64 gives *addr.
//
//bpf:builtin atomic_load
func LoadUint64(addr *uint64) (val uint64)

// StoreUint64 sets *addr to val.
//
//bpf:builtin atomic_store
func StoreUint64(addr *uint64, val uint64)

// AddUintptr adds delta to *addr and gives the new value.
//
//bpf:builtin atomic_add
func AddUintptr(addr *uintptr, delta uintptr) (new uintptr)

// AndUintptr sets *addr to *addr & mask and gives the old value.
//
//bpf:builtin atomic_and
func AndUintptr(addr *uintptr, mask uintptr) (old uintptr)

// OrUintptr sets *addr to *addr | mask and gives the old value.
//
//bpf:builtin atomic_or
func OrUintptr(addr *uintptr, mask uintptr) (old uintptr)

// SwapUintptr sets *addr to new and gives the old value.
//
//bpf:builtin atomic_swap
func SwapUintptr(addr *uintptr, new uintptr) (old uintptr)

// CompareAndSwapUintptr sets *addr to new where it is old, and tells whether it was.
//
//bpf:builtin atomic_compare_and_swap
func CompareAndSwapUintptr(addr *uintptr, old, new uintptr) (swapped bool)

// LoadUintptr gives *addr.
//
//bpf:builtin atomic_load
func LoadUintptr(addr *uintptr) (val uintptr)

// StoreUintptr sets *addr to val.
//
//bpf:builtin atomic_store
func StoreUintptr(addr *uintptr, val uintptr)
