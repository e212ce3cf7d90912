package std_strings

import "strings"

// Each function of strings that the kernel has.

// text is eight letters of a small alphabet.
func text(x uint64) (b [8]byte) {
	letters := [4]byte{'a', ' ', 0xc3, 0xa9}
	for i := range b {
		b[i] = letters[x>>(2*i)&3]
	}
	return b
}

func digest(s string) (sum uint64) {
	for i := range len(s) {
		sum = sum<<8 | uint64(s[i])
	}
	return sum*31 + uint64(len(s))
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func Order(x, y uint64, n, m uint8) (order int, prefix, suffix bool) {
	a, b := text(x), text(y)
	s, part := string(a[:n]), string(b[:m])
	return strings.Compare(s, part), strings.HasPrefix(s, part), strings.HasSuffix(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func Index(x, y uint64, n, m uint8) (first, last int, contains bool) {
	a, b := text(x), text(y)
	s, part := string(a[:n]), string(b[:m])
	return strings.Index(s, part), strings.LastIndex(s, part), strings.Contains(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:y 0 1 2 3 4 5 0x0e 0x1b 0x11 0x14
//in:n 0..3 5 8
//in:m 0..4
func CutEnds(x, y uint64, n, m uint8) (a1, a2 uint64, found, same bool) {
	a, b := text(x), text(y)
	s, part := string(a[:n]), string(b[:m])
	after, found := strings.CutPrefix(s, part)
	before, same := strings.CutSuffix(s, part)
	return digest(after), digest(before), found, same
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func OrderNone(x uint64, n uint8) (order int, prefix, suffix bool) {
	a := text(x)
	s := string(a[:n])
	const part = ""
	return strings.Compare(s, part), strings.HasPrefix(s, part), strings.HasSuffix(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func OrderRune(x uint64, n uint8) (order int, prefix, suffix bool) {
	a := text(x)
	s := string(a[:n])
	const part = "\u00e9"
	return strings.Compare(s, part), strings.HasPrefix(s, part), strings.HasSuffix(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func OrderThree(x uint64, n uint8) (order int, prefix, suffix bool) {
	a := text(x)
	s := string(a[:n])
	const part = " a "
	return strings.Compare(s, part), strings.HasPrefix(s, part), strings.HasSuffix(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func IndexNone(x uint64, n uint8) (first, last int, contains bool) {
	a := text(x)
	s := string(a[:n])
	const part = ""
	return strings.Index(s, part), strings.LastIndex(s, part), strings.Contains(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func IndexRune(x uint64, n uint8) (first, last int, contains bool) {
	a := text(x)
	s := string(a[:n])
	const part = "\u00e9"
	return strings.Index(s, part), strings.LastIndex(s, part), strings.Contains(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func IndexThree(x uint64, n uint8) (first, last int, contains bool) {
	a := text(x)
	s := string(a[:n])
	const part = " a "
	return strings.Index(s, part), strings.LastIndex(s, part), strings.Contains(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CountNone(x uint64, n uint8) int {
	a := text(x)
	s := string(a[:n])
	const part = ""
	return strings.Count(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CountRune(x uint64, n uint8) int {
	a := text(x)
	s := string(a[:n])
	const part = "\u00e9"
	return strings.Count(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CountThree(x uint64, n uint8) int {
	a := text(x)
	s := string(a[:n])
	const part = " a "
	return strings.Count(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutNone(x uint64, n uint8) (a1, a2 uint64, found bool) {
	a := text(x)
	s := string(a[:n])
	const part = ""
	before, after, found := strings.Cut(s, part)
	return digest(before), digest(after), found
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutRune(x uint64, n uint8) (a1, a2 uint64, found bool) {
	a := text(x)
	s := string(a[:n])
	const part = "\u00e9"
	before, after, found := strings.Cut(s, part)
	return digest(before), digest(after), found
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutThree(x uint64, n uint8) (a1, a2 uint64, found bool) {
	a := text(x)
	s := string(a[:n])
	const part = " a "
	before, after, found := strings.Cut(s, part)
	return digest(before), digest(after), found
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutLastNone(x uint64, n uint8) (a1, a2 uint64, found bool) {
	a := text(x)
	s := string(a[:n])
	const part = ""
	before, after, found := strings.CutLast(s, part)
	return digest(before), digest(after), found
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutLastRune(x uint64, n uint8) (a1, a2 uint64, found bool) {
	a := text(x)
	s := string(a[:n])
	const part = "\u00e9"
	before, after, found := strings.CutLast(s, part)
	return digest(before), digest(after), found
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutLastThree(x uint64, n uint8) (a1, a2 uint64, found bool) {
	a := text(x)
	s := string(a[:n])
	const part = " a "
	before, after, found := strings.CutLast(s, part)
	return digest(before), digest(after), found
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutEndsNone(x uint64, n uint8) (a1, a2 uint64, found, same bool) {
	a := text(x)
	s := string(a[:n])
	const part = ""
	after, found := strings.CutPrefix(s, part)
	before, same := strings.CutSuffix(s, part)
	return digest(after), digest(before), found, same
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutEndsRune(x uint64, n uint8) (a1, a2 uint64, found, same bool) {
	a := text(x)
	s := string(a[:n])
	const part = "\u00e9"
	after, found := strings.CutPrefix(s, part)
	before, same := strings.CutSuffix(s, part)
	return digest(after), digest(before), found, same
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func CutEndsThree(x uint64, n uint8) (a1, a2 uint64, found, same bool) {
	a := text(x)
	s := string(a[:n])
	const part = " a "
	after, found := strings.CutPrefix(s, part)
	before, same := strings.CutSuffix(s, part)
	return digest(after), digest(before), found, same
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func TrimEndsNone(x uint64, n uint8) (a1, a2 uint64) {
	a := text(x)
	s := string(a[:n])
	const part = ""
	return digest(strings.TrimPrefix(s, part)), digest(strings.TrimSuffix(s, part))
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func TrimEndsRune(x uint64, n uint8) (a1, a2 uint64) {
	a := text(x)
	s := string(a[:n])
	const part = "\u00e9"
	return digest(strings.TrimPrefix(s, part)), digest(strings.TrimSuffix(s, part))
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func TrimEndsThree(x uint64, n uint8) (a1, a2 uint64) {
	a := text(x)
	s := string(a[:n])
	const part = " a "
	return digest(strings.TrimPrefix(s, part)), digest(strings.TrimSuffix(s, part))
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func AnyOne(x uint64, n uint8) (first, last int, contains bool) {
	a := text(x)
	s := string(a[:n])
	const part = "a"
	return strings.IndexAny(s, part), strings.LastIndexAny(s, part), strings.ContainsAny(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..3
func AnyRune(x uint64, n uint8) (first, last int, contains bool) {
	whole := text(x)
	a := [4]byte{whole[0], whole[1], whole[2], whole[3]}
	s := string(a[:n])
	const part = "\u00e9 "
	return strings.IndexAny(s, part), strings.LastIndexAny(s, part), strings.ContainsAny(s, part)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func TrimNone(x uint64, n uint8) (left, right, both uint64) {
	a := text(x)
	s := string(a[:n])
	const part = ""
	return digest(strings.TrimLeft(s, part)), digest(strings.TrimRight(s, part)), digest(strings.Trim(s, part))
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
func TrimOne(x uint64, n uint8) (left, right, both uint64) {
	a := text(x)
	s := string(a[:n])
	const part = "a"
	return digest(strings.TrimLeft(s, part)), digest(strings.TrimRight(s, part)), digest(strings.Trim(s, part))
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..3
func TrimRune(x uint64, n uint8) (left, right, both uint64) {
	whole := text(x)
	a := [4]byte{whole[0], whole[1], whole[2], whole[3]}
	s := string(a[:n])
	const part = "\u00e9 "
	return digest(strings.TrimLeft(s, part)), digest(strings.TrimRight(s, part)), digest(strings.Trim(s, part))
}

//in:a 9..14 32 65 0xc2 0xe1 0xe2 0xe3 0xa0 0
//in:b 9 32 65 0x80 0x85 0x9a 0xa0 0x81
//in:c 9 32 0x7f 0x80 0x8a 0x8b 0xa8 0xaf 0x9f
func Space(a, b, c uint8) (uint64, int) {
	bytes := [5]byte{a, b, c, 'x', ' '}
	s := strings.TrimSpace(string(bytes[:]))
	return digest(s), len(strings.TrimSpace(string(bytes[:3])))
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..8
//in:c 0x61 0x20 0xa9 0x7a
//in:r 0x61 0xe9 0xe8 0xfffd -1 0xd800 0x110000
func Single(x uint64, n, c uint8, r rune) (first, last, runes int, contains bool) {
	a := text(x)
	s := string(a[:n])
	return strings.IndexByte(s, c), strings.LastIndexByte(s, c), strings.IndexRune(s, r), strings.ContainsRune(s, r)
}

var names = [...]string{"tcp", "udp", "icmp", "sctp", ""}

//in:i 0..4
func Names(i uint8) (prefix, suffix bool, at, p int) {
	s := names[i]
	return strings.HasPrefix(s, "tc"), strings.HasSuffix(s, "p"), strings.IndexByte(s, 'm'), strings.Index(s, "cp")
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..3
//in:k 0 0x20 0x61 0xe9 0xfffd
func Functions(x uint64, n uint8, k rune) (first, last int, contains bool) {
	whole := text(x)
	a := [4]byte{whole[0], whole[1], whole[2], whole[3]}
	s := string(a[:n])
	above := func(r rune) bool { return r > k }
	return strings.IndexFunc(s, above), strings.LastIndexFunc(s, above), strings.ContainsFunc(s, above)
}

//in:x 0 1 4 5 0x10 0x11 0x1b 0x44 0x55 0x1111 0x4444 0x1234 0x5555 0x8d8d 0xe4e4 0xffff 0x0e0e 0x3838 0x39e4
//in:n 0..3
//in:k 0x20 0x61 0xe9 0xfffd
func TrimFunctions(x uint64, n uint8, k rune) (left, right, both uint64) {
	whole := text(x)
	a := [4]byte{whole[0], whole[1], whole[2], whole[3]}
	s := string(a[:n])
	is := func(r rune) bool { return r == k }
	return digest(strings.TrimLeftFunc(s, is)), digest(strings.TrimRightFunc(s, is)), digest(strings.TrimFunc(s, is))
}
