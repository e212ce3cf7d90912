package std_bytes

import "bytes"

// Each function of bytes that the kernel has.

// text is eight letters of a small alphabet.
func text(x uint64) (b [8]byte) {
	letters := [4]byte{'a', 'b', 0xc3, 0xa9}
	for i := range b {
		b[i] = letters[x>>(2*i)&3]
	}
	return b
}

// count is the length of a part of at most three letters.
func count(n uint8) uint8 { return n & 3 }

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func Equal(x, y uint64, n, m uint8) (equal bool, order int) {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	return bytes.Equal(s, part), bytes.Compare(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func Ends(x, y uint64, n, m uint8) (prefix, suffix bool) {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	return bytes.HasPrefix(s, part), bytes.HasSuffix(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func Index(x, y uint64, n, m uint8) (first, last int, contains bool) {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	return bytes.Index(s, part), bytes.LastIndex(s, part), bytes.Contains(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func Count(x, y uint64, n, m uint8) int {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	return bytes.Count(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func Cut(x, y uint64, n, m uint8) (before, after int, found bool, tail uint64) {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	before_, after_, found := bytes.Cut(s, part)
	for _, c := range after_ {
		tail = tail<<8 | uint64(c)
	}
	return len(before_), len(after_), found, tail
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func CutLast(x, y uint64, n, m uint8) (before, after int, found bool, tail uint64) {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	before_, after_, found := bytes.CutLast(s, part)
	for _, c := range after_ {
		tail = tail<<8 | uint64(c)
	}
	return len(before_), len(after_), found, tail
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func CutEnds(x, y uint64, n, m uint8) (a1, a2 int, found, same bool) {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	after, found := bytes.CutPrefix(s, part)
	before, same := bytes.CutSuffix(s, part)
	return len(after), len(before), found, same
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func TrimEnds(x, y uint64, n, m uint8) (a1, a2 int, sum uint64) {
	a, b := text(x), text(y)
	s, part := a[:n], b[:m]
	after := bytes.TrimPrefix(s, part)
	for _, c := range after {
		sum = sum<<8 | uint64(c)
	}
	return len(after), len(bytes.TrimSuffix(s, part)), sum
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
//in:c 0x61 0x62 0xa9 0x7a
func Byte(x uint64, n, c uint8) (first, last int) {
	a := text(x)
	return bytes.IndexByte(a[:n], c), bytes.LastIndexByte(a[:n], c)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
//in:r 0x61 0xe9 0xe8 0xfffd -1 0xd800 0x110000 0x62
func Rune(x uint64, n uint8, r rune) (first int, contains bool) {
	a := text(x)
	return bytes.IndexRune(a[:n], r), bytes.ContainsRune(a[:n], r)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func AnyNone(x uint64, n uint8) (first, last int, contains bool) {
	a := text(x)
	s := a[:n]
	const part = ""
	return bytes.IndexAny(s, part), bytes.LastIndexAny(s, part), bytes.ContainsAny(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func AnyOne(x uint64, n uint8) (first, last int, contains bool) {
	a := text(x)
	s := a[:n]
	const part = "a"
	return bytes.IndexAny(s, part), bytes.LastIndexAny(s, part), bytes.ContainsAny(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..3
func AnyRune(x uint64, n uint8) (first, last int, contains bool) {
	whole := text(x)
	a := [4]byte{whole[0], whole[1], whole[2], whole[3]}
	s := a[:n]
	const part = "\u00e9b"
	return bytes.IndexAny(s, part), bytes.LastIndexAny(s, part), bytes.ContainsAny(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func AnyHalf(x uint64, n uint8) (first, last int, contains bool) {
	a := text(x)
	s := a[:n]
	const part = "\xc3a"
	return bytes.IndexAny(s, part), bytes.LastIndexAny(s, part), bytes.ContainsAny(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func LeftNone(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = ""
	left := bytes.TrimLeft(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func LeftOne(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "a"
	left := bytes.TrimLeft(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func LeftRune(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "\u00e9b"
	left := bytes.TrimLeft(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func LeftHalf(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "\xc3a"
	left := bytes.TrimLeft(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func RightNone(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = ""
	left := bytes.TrimRight(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func RightOne(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "a"
	left := bytes.TrimRight(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func RightRune(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "\u00e9b"
	left := bytes.TrimRight(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func RightHalf(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "\xc3a"
	left := bytes.TrimRight(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func BothNone(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = ""
	left := bytes.Trim(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func BothOne(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "a"
	left := bytes.Trim(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func BothRune(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "\u00e9b"
	left := bytes.Trim(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e
//in:n 0..8
func BothHalf(x uint64, n uint8) (sum uint64, length int, gone bool) {
	a := text(x)
	s := a[:n]
	const part = "\xc3a"
	left := bytes.Trim(s, part)
	for _, c := range left {
		sum = sum<<8 | uint64(c)
	}
	return sum, len(left), left == nil
}

//in:a 9..14 32 65 0xc2 0xe1 0xe2 0xe3 0xa0 0
//in:b 9 32 65 0x80 0x85 0x9a 0xa0 0x81
//in:c 9 32 0x7f 0x80 0x8a 0x8b 0xa8 0xaf 0x9f
func Space(a, b, c uint8) (int, int, bool) {
	five := [5]byte{a, b, c, 'x', ' '}
	left := bytes.TrimSpace(five[:3])
	return len(bytes.TrimSpace(five[:])), len(left), left == nil
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
//in:k 0 0x60 0x61 0xe9 0xfffd
//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
//in:k 0x61 0x62 0xe9 0xfffd

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..3
//in:k 0 0x60 0x61 0xe9 0xfffd
func Functions(x uint64, n uint8, k rune) (first, last int, contains bool) {
	whole := text(x)
	a := [4]byte{whole[0], whole[1], whole[2], whole[3]}
	above := func(r rune) bool { return r > k }
	return bytes.IndexFunc(a[:n], above), bytes.LastIndexFunc(a[:n], above), bytes.ContainsFunc(a[:n], above)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..3
//in:k 0x61 0x62 0xe9 0xfffd
func TrimFunctions(x uint64, n uint8, k rune) (left, right, both int, gone, empty bool) {
	whole := text(x)
	a := [4]byte{whole[0], whole[1], whole[2], whole[3]}
	is := func(r rune) bool { return r == k }
	l, r, b := bytes.TrimLeftFunc(a[:n], is), bytes.TrimRightFunc(a[:n], is), bytes.TrimFunc(a[:n], is)
	return len(l), len(r), len(b), l == nil, r == nil
}
