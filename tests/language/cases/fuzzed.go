package fuzzed

// Programs that the fuzzer found, made short.

import (
	"cmp"
	"math/bits"
	"sync/atomic"
)

var Effects uint64

// LLVM stopped in its code for half registers.
func HalfRegisters(b uint16, d uint8) uint64 {
	v := int32(cmp.Compare(d, uint8(0)))
	for i := int32(5); i > 0; i-- {
		for j := uint(1); j <= 8; j += 2 {
			if int16(1) > int16(bits.OnesCount16(b)) {
				Effects = Effects*31 + 1
			}
			Effects = Effects*31 + uint64(bits.OnesCount16(uint16(v)))
		}
	}
	return uint64(int8(bits.LeadingZeros32(uint32(v))))
}

// A divisor that the compiler knows to be 0, though Go does not.
func DivideByShifted(a uint16, b int16, which uint8) (uint16, int16) {
	switch which & 3 {
	case 0:
		return 5 / (a << 62), b
	case 1:
		return a, b % (b << 16)
	case 2:
		b /= b << 40
	}
	return a, b
}

func triple(x uint8) [3]uint8 { return [3]uint8{x, x + 1, x + 2} }

var three [3]uint8

// An index that the compiler knows to be past the end, though Go does not.
//
//in:which 0..5
func IndexByLength(x, which uint8) uint8 {
	a := [3]uint8{x, 2, 3}
	var none [0]uint8
	Effects = 1
	switch which {
	case 0:
		return a[len(a[:])]
	case 1:
		return three[len(three[:])]
	case 2:
		return triple(x)[len(a[:])]
	case 3:
		return none[x<<8]
	case 4:
		return x / uint8(len(a[:0]))
	}
	return a[len(a[:2])]
}

func squares(n int32) func(yield func(int32) bool) {
	return func(yield func(int32) bool) {
		for i := int32(0); i < n && i < 5; i++ {
			if !yield(i * i) {
				return
			}
		}
	}
}

// Function literals that only some turns of a loop make.
func LiteralsInSomeTurns(a int32, skip uint8) (int32, int32, int32) {
	s, t, u := int32(0), int32(0), int32(0)
	for i := int32(0); i < 4; i++ {
		v := i * a
		if skip>>i&1 != 0 {
			continue
		}
		for x := range squares(3) {
			s += x*i + v
		}
		f := func(x int32) int32 { v++; return x*v + i }
		t += f(2) + f(3)
	}
	for i := range int32(4) {
		if skip>>(i+4)&1 != 0 {
			g := func(x int32) int32 { i += x; return i }
			u = u*3 + g(a) - g(1)
		}
	}
	return s, t, u
}

// One of two literals, of which only the first captures.
func OneOfTwoLiterals(a int32, which bool) int32 {
	x := [4]int32{1, a, 3, 4}
	f := func() (s int32) {
		for i, v := range x {
			s += v * int32(i+3)
		}
		return
	}
	if which {
		f = func() int32 { return 7 }
	}
	return f()
}

var words = [3]string{"tcp", "udp6", "x"}

// An index of type uintptr is a number.
func IndexedByUintptr(n uint8, a uint16) (int, uint16) {
	var s string = words[uintptr(1)]
	x := [4]uint16{1, a, 3, 4}
	i := uintptr(n)
	return len(s) + len(words[i%3]), x[i&3] + x[i&1:i&1+uintptr(2)][uintptr(1)]
}

func pairs(a int32) [4]int32 { return [4]int32{1, a, 3, 4} }

// Called twice: LLVM made one choice of the literal's number or its address, and one of what comes after it.
func OneOfTwoLiteralsTwice(a int32, y int8) int32 {
	x := pairs(a)
	f := func() (s int32) {
		for i, v := range x {
			s += v * int32(i+3)
		}
		return
	}
	if y <= 2 {
		f = func() int32 { return 7 }
	}
	return f() + f()
}

func both[K, V any](a K, b V, c K, d V) func(yield func(K, V) bool) {
	return func(yield func(K, V) bool) {
		_ = yield(a, b) && yield(c, d)
	}
}

// A counter of less than 8 bytes in memory, as a function that is called has its address: the verifier knew its
// value only where it had a word of the stack for itself.
func CounterInMemory(a uint8, b int16) (s uint64) {
	var first uint8
	for i := int16(0); i < 3; i++ {
		for v, w := range both(a, b, a+1, int16(a)-i) {
			for j := range 8 {
				s = s*31 + uint64(v)<<(i&7) + uint64(w)>>(j&7)
			}
			if s%5 == 3 {
				s += uint64(bits.Reverse64(s)) / (uint64(v) | 1)
			}
			first += v
			s += uint64(bits.OnesCount64(s)) * uint64(i)
		}
	}
	for i := uint8(2); i > 0; i-- {
		for v := range squares(int32(a & 3)) {
			s = s*7 + uint64(v)<<i
			for j := range 8 {
				s += uint64(w8[j&3]) * uint64(first)
			}
		}
	}
	return s
}

var w8 = [4]uint8{1, 2, 3, 4}

// The second limit is there for the verifier: LLVM knew that the first is below it, and left it out.
func TwoLimits(a int64, b uint16, n int8) (s int64) {
	for i := 0; i < int(a%3) && i < 5; i++ {
		s = s*31 + a
	}
	for i := uint8(0); i < 20; i++ {
		if uint16(i) >= b/5000 || i > uint8(bits.OnesCount16(b)) {
			break
		}
		s = s*7 + int64(b)
	}
	for i := n / 16; 10 > i && n%16 >= i; i++ {
		s ^= s<<3 + int64(i)
	}
	return s
}

type pair struct{ l, h uint32 }

// One of two fields by a sign: the address of the variable and a bit were put together by |.
func FieldBySign(a, b uint32, i int32) uint32 {
	p := pair{a, b}
	q := &p.l
	if i < 0 {
		q = &p.h
	}
	atomic.AddUint32(q, 1)
	return p.l*3 + p.h
}
