package mem

import (
	"bytes"
	"sort"
	"sync"
	"unsafe"
)

// A Space is memory that programs reach by address only: that of processes, or the kernel's.
type Space struct {
	mu      sync.Mutex
	base    uint64
	next    uint64
	regions []region // by address
}

type region struct {
	addr uint64
	data []byte
}

const page = 4096

// User is the memory of the current process, Kernel that of the kernel.
var (
	User   = &Space{base: 0x7f00_0000_0000}
	Kernel = &Space{base: 0xffff_8880_0000_0000}
)

// Add puts a copy of data into memory and gives its address. Nothing is beside it.
func (s *Space) Add(data []byte) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == 0 {
		s.next = s.base
	}
	addr := s.next
	s.next += (uint64(len(data))/page + 2) * page
	s.regions = append(s.regions, region{addr, append([]byte(nil), data...)})
	return addr
}

// Reset empties the memory. Addresses are not used again.
func (s *Space) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.regions = nil
}

// from gives what is in memory from addr to the end of its region; nil where nothing is.
func (s *Space) from(addr uint64) []byte {
	i := sort.Search(len(s.regions), func(i int) bool { return s.regions[i].addr > addr }) - 1
	if i < 0 || addr-s.regions[i].addr > uint64(len(s.regions[i].data)) {
		return nil
	}
	return s.regions[i].data[addr-s.regions[i].addr:]
}

// Read copies size bytes from addr; EFAULT, and zeros, where not all of them are there.
func (s *Space) Read(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := bytesAt(dst, uintptr(size))
	from := s.from(addr)
	if uint64(len(from)) < uint64(size) {
		clear(to)
		return fault
	}
	copy(to, from)
	return 0
}

// ReadString copies a string that ends with 0, as much as has room with the 0, and gives the
// number of bytes with the 0; EFAULT, and zeros, where there is none.
func (s *Space) ReadString(dst unsafe.Pointer, size uint32, addr uint64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copyString(bytesAt(dst, uintptr(size)), s.from(addr))
}

// Write copies size bytes to addr; EFAULT where not all of them are there.
func (s *Space) Write(addr uint64, src unsafe.Pointer, size uint32) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	to := s.from(addr)
	if uint64(len(to)) < uint64(size) {
		return fault
	}
	copy(to, bytesAt(src, uintptr(size)))
	return 0
}

// Bytes gives a copy of size bytes at addr; nil where not all of them are there.
func (s *Space) Bytes(addr uint64, size int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.from(addr)
	if len(from) < size {
		return nil
	}
	return append([]byte(nil), from[:size]...)
}

func copyString(to, from []byte) int64 {
	if len(to) == 0 {
		return 0
	}
	end := bytes.IndexByte(from, 0)
	if end < 0 && len(from) < len(to) {
		clear(to)
		return fault
	}
	if end < 0 || end > len(to)-1 {
		end = len(to) - 1
	}
	copy(to, from[:end])
	to[end] = 0
	return int64(end) + 1
}
