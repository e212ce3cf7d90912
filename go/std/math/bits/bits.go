//go:build bpf

// Package bits is Go's package math/bits as programs in the kernel have it: all of it. What the
// kernel's machine has an instruction for, or LLVM a short form, is that; the rest is arithmetic.
//
// The compiler gives it to programs that import "math/bits"; for Go's own tools they import Go's.
package bits

// UintSize is the size of a uint in bits.
const UintSize = 64

//bpf:builtin leading_zeros
func leadingZeros64(x uint64) uint64

//bpf:builtin trailing_zeros
func trailingZeros64(x uint64) uint64

//bpf:builtin ones_count
func onesCount64(x uint64) uint64

// LeadingZeros counts the zero bits above the highest 1; 64 for 0.
func LeadingZeros(x uint) int { return int(leadingZeros64(uint64(x))) }

// LeadingZeros8 counts the zero bits above the highest 1; 8 for 0.
func LeadingZeros8(x uint8) int { return 8 - Len8(x) }

// LeadingZeros16 counts the zero bits above the highest 1; 16 for 0.
func LeadingZeros16(x uint16) int { return 16 - Len16(x) }

// LeadingZeros32 counts the zero bits above the highest 1; 32 for 0.
func LeadingZeros32(x uint32) int { return 32 - Len32(x) }

// LeadingZeros64 counts the zero bits above the highest 1; 64 for 0.
func LeadingZeros64(x uint64) int { return int(leadingZeros64(x)) }

// Len is the number of bits that x needs; 0 for 0.
func Len(x uint) int { return int(64 - leadingZeros64(uint64(x))) }

// Len8 is the number of bits that x needs; 0 for 0.
func Len8(x uint8) int { return int(64 - leadingZeros64(uint64(x))) }

// Len16 is the number of bits that x needs; 0 for 0.
func Len16(x uint16) (n int) { return int(64 - leadingZeros64(uint64(x))) }

// Len32 is the number of bits that x needs; 0 for 0.
func Len32(x uint32) (n int) { return int(64 - leadingZeros64(uint64(x))) }

// Len64 is the number of bits that x needs; 0 for 0.
func Len64(x uint64) (n int) { return int(64 - leadingZeros64(x)) }

// TrailingZeros counts the zero bits below the lowest 1; 64 for 0.
func TrailingZeros(x uint) int { return int(trailingZeros64(uint64(x))) }

// TrailingZeros8 counts the zero bits below the lowest 1; 8 for 0.
func TrailingZeros8(x uint8) int { return int(trailingZeros64(uint64(x) | 1<<8)) }

// TrailingZeros16 counts the zero bits below the lowest 1; 16 for 0.
func TrailingZeros16(x uint16) int { return int(trailingZeros64(uint64(x) | 1<<16)) }

// TrailingZeros32 counts the zero bits below the lowest 1; 32 for 0.
func TrailingZeros32(x uint32) int { return int(trailingZeros64(uint64(x) | 1<<32)) }

// TrailingZeros64 counts the zero bits below the lowest 1; 64 for 0.
func TrailingZeros64(x uint64) int { return int(trailingZeros64(x)) }

// OnesCount counts the bits that are 1.
func OnesCount(x uint) int { return int(onesCount64(uint64(x))) }

// OnesCount8 counts the bits that are 1.
func OnesCount8(x uint8) int { return int(onesCount64(uint64(x))) }

// OnesCount16 counts the bits that are 1.
func OnesCount16(x uint16) int { return int(onesCount64(uint64(x))) }

// OnesCount32 counts the bits that are 1.
func OnesCount32(x uint32) int { return int(onesCount64(uint64(x))) }

// OnesCount64 counts the bits that are 1.
func OnesCount64(x uint64) int { return int(onesCount64(x)) }

// RotateLeft moves the bits k places up, and those that leave at the top in at the bottom; a
// negative k rotates to the right.
func RotateLeft(x uint, k int) uint { return x<<(uint(k)&63) | x>>(-uint(k)&63) }

// RotateLeft8 is RotateLeft for 8 bits.
func RotateLeft8(x uint8, k int) uint8 { return x<<(uint(k)&7) | x>>(-uint(k)&7) }

// RotateLeft16 is RotateLeft for 16 bits.
func RotateLeft16(x uint16, k int) uint16 { return x<<(uint(k)&15) | x>>(-uint(k)&15) }

// RotateLeft32 is RotateLeft for 32 bits.
func RotateLeft32(x uint32, k int) uint32 { return x<<(uint(k)&31) | x>>(-uint(k)&31) }

// RotateLeft64 is RotateLeft for 64 bits.
func RotateLeft64(x uint64, k int) uint64 { return x<<(uint(k)&63) | x>>(-uint(k)&63) }

// Reverse puts the bits in the opposite order.
func Reverse(x uint) uint { return uint(Reverse64(uint64(x))) }

// Reverse8 puts the bits in the opposite order.
//
//bpf:builtin reverse
func Reverse8(x uint8) uint8

// Reverse16 puts the bits in the opposite order.
//
//bpf:builtin reverse
func Reverse16(x uint16) uint16

// Reverse32 puts the bits in the opposite order.
//
//bpf:builtin reverse
func Reverse32(x uint32) uint32

// Reverse64 puts the bits in the opposite order.
//
//bpf:builtin reverse
func Reverse64(x uint64) uint64

// ReverseBytes puts the bytes in the opposite order.
func ReverseBytes(x uint) uint { return uint(ReverseBytes64(uint64(x))) }

// ReverseBytes16 puts the bytes in the opposite order.
//
//bpf:builtin reverse_bytes
func ReverseBytes16(x uint16) uint16

// ReverseBytes32 puts the bytes in the opposite order.
//
//bpf:builtin reverse_bytes
func ReverseBytes32(x uint32) uint32

// ReverseBytes64 puts the bytes in the opposite order.
//
//bpf:builtin reverse_bytes
func ReverseBytes64(x uint64) uint64
