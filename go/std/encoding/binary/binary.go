//go:build bpf

// Package binary is Go's package encoding/binary as programs in the kernel have it: the byte orders,
// and numbers of variable length. What goes by reflection or through readers and writers is not there.
//
// The compiler gives it to programs that import "encoding/binary"; for Go's own tools they import Go's.
package binary

// Bytes that a number of variable length takes at most.
const (
	MaxVarintLen16 = 3
	MaxVarintLen32 = 5
	MaxVarintLen64 = 10
)

// PutUvarint writes x to the beginning of buf, seven bits to a byte, and gives the number of bytes; it
// panics where buf is too short.
func PutUvarint(buf []byte, x uint64) int {
	for i := range MaxVarintLen64 {
		if x < 0x80 {
			buf[i] = byte(x)
			return i + 1
		}
		buf[i] = byte(x) | 0x80
		x >>= 7
	}
	return MaxVarintLen64
}

// PutVarint writes x to the beginning of buf and gives the number of bytes; it panics where buf is too
// short.
func PutVarint(buf []byte, x int64) int { return PutUvarint(buf, uint64(x)<<1^uint64(x>>63)) }

// Uvarint is the number that buf begins with, and how many bytes it takes: 0 where buf is too short,
// below 0 where it is more than 64 bits, after as many bytes.
func Uvarint(buf []byte) (uint64, int) {
	var x uint64
	for i, b := range buf {
		if i == MaxVarintLen64 || i == MaxVarintLen64-1 && 1 < b && b < 0x80 {
			return 0, -(i + 1)
		}
		if b < 0x80 {
			return x | uint64(b)<<(7*uint(i)), i + 1
		}
		x |= uint64(b&0x7F) << (7 * uint(i))
	}
	return 0, 0
}

// Varint is the number that buf begins with, and how many bytes it takes, as for Uvarint.
func Varint(buf []byte) (int64, int) {
	x, n := Uvarint(buf)
	return int64(x>>1) ^ -int64(x&1), n
}

// AppendUvarint writes x behind the last byte of buf, which must have room for it.
func AppendUvarint(buf []byte, x uint64) []byte {
	var b [MaxVarintLen64]byte
	return append(buf, b[:PutUvarint(b[:], x)]...)
}

// AppendVarint writes x behind the last byte of buf, which must have room for it.
func AppendVarint(buf []byte, x int64) []byte {
	var b [MaxVarintLen64]byte
	return append(buf, b[:PutVarint(b[:], x)]...)
}
