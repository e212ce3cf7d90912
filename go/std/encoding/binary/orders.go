//go:build bpf

package binary

// The byte orders. Each access is one load or store, and a swap of the bytes where the machine's order
// is the other one.

// BigEndian is the order of the network: the highest byte first.
var BigEndian bigEndian

// LittleEndian is the order with the lowest byte first.
var LittleEndian littleEndian

// NativeEndian is the order of the machine.
var NativeEndian nativeEndian

// A ByteOrder reads and writes numbers in its order of the bytes; which one it is must be known where it
// is compiled.
type ByteOrder interface {
	Uint16([]byte) uint16
	Uint32([]byte) uint32
	Uint64([]byte) uint64
	PutUint16([]byte, uint16)
	PutUint32([]byte, uint32)
	PutUint64([]byte, uint64)
	String() string
}

// An AppendByteOrder appends numbers in its order of the bytes, within the capacity of what they are
// appended to.
type AppendByteOrder interface {
	AppendUint16([]byte, uint16) []byte
	AppendUint32([]byte, uint32) []byte
	AppendUint64([]byte, uint64) []byte
	String() string
}

type (
	bigEndian    struct{}
	littleEndian struct{}
	nativeEndian struct{}
)

// Uint16 is the number that b begins with, big-endian; it panics where b is shorter.
//
//bpf:builtin load_big
func (bigEndian) Uint16(b []byte) uint16

// PutUint16 writes v to the beginning of b, big-endian; it panics where b is shorter.
//
//bpf:builtin store_big
func (bigEndian) PutUint16(b []byte, v uint16)

// Uint32 is the number that b begins with, big-endian; it panics where b is shorter.
//
//bpf:builtin load_big
func (bigEndian) Uint32(b []byte) uint32

// PutUint32 writes v to the beginning of b, big-endian; it panics where b is shorter.
//
//bpf:builtin store_big
func (bigEndian) PutUint32(b []byte, v uint32)

// Uint64 is the number that b begins with, big-endian; it panics where b is shorter.
//
//bpf:builtin load_big
func (bigEndian) Uint64(b []byte) uint64

// PutUint64 writes v to the beginning of b, big-endian; it panics where b is shorter.
//
//bpf:builtin store_big
func (bigEndian) PutUint64(b []byte, v uint64)

// Uint16 is the number that b begins with, little-endian; it panics where b is shorter.
//
//bpf:builtin load_little
func (littleEndian) Uint16(b []byte) uint16

// PutUint16 writes v to the beginning of b, little-endian; it panics where b is shorter.
//
//bpf:builtin store_little
func (littleEndian) PutUint16(b []byte, v uint16)

// Uint32 is the number that b begins with, little-endian; it panics where b is shorter.
//
//bpf:builtin load_little
func (littleEndian) Uint32(b []byte) uint32

// PutUint32 writes v to the beginning of b, little-endian; it panics where b is shorter.
//
//bpf:builtin store_little
func (littleEndian) PutUint32(b []byte, v uint32)

// Uint64 is the number that b begins with, little-endian; it panics where b is shorter.
//
//bpf:builtin load_little
func (littleEndian) Uint64(b []byte) uint64

// PutUint64 writes v to the beginning of b, little-endian; it panics where b is shorter.
//
//bpf:builtin store_little
func (littleEndian) PutUint64(b []byte, v uint64)

// Uint16 is the number that b begins with, in the machine's order; it panics where b is shorter.
//
//bpf:builtin load_native
func (nativeEndian) Uint16(b []byte) uint16

// PutUint16 writes v to the beginning of b, in the machine's order; it panics where b is shorter.
//
//bpf:builtin store_native
func (nativeEndian) PutUint16(b []byte, v uint16)

// Uint32 is the number that b begins with, in the machine's order; it panics where b is shorter.
//
//bpf:builtin load_native
func (nativeEndian) Uint32(b []byte) uint32

// PutUint32 writes v to the beginning of b, in the machine's order; it panics where b is shorter.
//
//bpf:builtin store_native
func (nativeEndian) PutUint32(b []byte, v uint32)

// Uint64 is the number that b begins with, in the machine's order; it panics where b is shorter.
//
//bpf:builtin load_native
func (nativeEndian) Uint64(b []byte) uint64

// PutUint64 writes v to the beginning of b, in the machine's order; it panics where b is shorter.
//
//bpf:builtin store_native
func (nativeEndian) PutUint64(b []byte, v uint64)
