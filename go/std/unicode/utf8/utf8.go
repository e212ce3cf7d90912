//go:build bpf

// Package utf8 is Go's package unicode/utf8 as programs in the kernel have it.
//
// The compiler gives it to programs that import "unicode/utf8"; for Go's own tools they import Go's.
package utf8

// view is the bytes of a string, to be read only.
//
//bpf:builtin bytes_of
func view(s string) []byte

// What marks runes and bytes.
const (
	RuneError = '\uFFFD'     // stands for what is no rune
	RuneSelf  = 0x80         // bytes below are runes of one byte
	MaxRune   = '\U0010FFFF' // the largest rune
	UTFMax    = 4            // bytes that a rune takes at most
)

const (
	surrogateMin = 0xD800
	surrogateMax = 0xDFFF
)

// RuneLen is the number of bytes that a rune takes; -1 for what is no rune.
func RuneLen(r rune) int {
	switch {
	case r < 0:
		return -1
	case r < 0x80:
		return 1
	case r < 0x800:
		return 2
	case surrogateMin <= r && r <= surrogateMax:
		return -1
	case r < 0x10000:
		return 3
	case r <= MaxRune:
		return 4
	}
	return -1
}

// ValidRune tells whether a number is a rune that UTF-8 can hold.
func ValidRune(r rune) bool {
	return 0 <= r && r < surrogateMin || surrogateMax < r && r <= MaxRune
}

// RuneStart tells whether a byte may be the first of a rune.
func RuneStart(b byte) bool { return b&0xC0 != 0x80 }

// need is how many bytes the rune takes that begins with a byte; 0 where none begins so.
func need(first byte) int {
	switch {
	case first < 0x80:
		return 1
	case first < 0xC2:
		return 0
	case first < 0xE0:
		return 2
	case first < 0xF0:
		return 3
	case first < 0xF5:
		return 4
	}
	return 0
}

// second tells whether a byte may follow the first one of a rune: neither longer than it had to be,
// nor a surrogate, nor past the last rune.
func second(first, b byte) bool {
	low, high := byte(0x80), byte(0xBF)
	switch first {
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	return low <= b && b <= high
}

func follows(b byte) bool { return b&0xC0 == 0x80 }

// DecodeRune is the first rune in p and the number of bytes that it takes: RuneError and 0 where p
// is empty, RuneError and 1 where it does not begin with a rune.
func DecodeRune(p []byte) (r rune, size int) {
	n := len(p)
	if n < 1 {
		return RuneError, 0
	}
	first := p[0]
	if first < RuneSelf {
		return rune(first), 1
	}
	size = need(first)
	if size == 0 || n < size || !second(first, p[1]) {
		return RuneError, 1
	}
	if size == 2 {
		return rune(first&0x1F)<<6 | rune(p[1]&0x3F), 2
	}
	if !follows(p[2]) {
		return RuneError, 1
	}
	if size == 3 {
		return rune(first&0x0F)<<12 | rune(p[1]&0x3F)<<6 | rune(p[2]&0x3F), 3
	}
	if !follows(p[3]) {
		return RuneError, 1
	}
	return rune(first&0x07)<<18 | rune(p[1]&0x3F)<<12 | rune(p[2]&0x3F)<<6 | rune(p[3]&0x3F), 4
}

// DecodeLastRune is the last rune in p and the number of bytes that it takes: RuneError and 0 where
// p is empty, RuneError and 1 where it does not end with a rune.
func DecodeLastRune(p []byte) (r rune, size int) {
	end := len(p)
	if end == 0 {
		return RuneError, 0
	}
	for back := 1; back <= UTFMax && back <= end; back++ {
		if !RuneStart(p[end-back]) {
			continue
		}
		if r, size = DecodeRune(p[end-back:]); size == back {
			return r, size
		}
		break
	}
	return RuneError, 1
}

// FullRune tells whether p begins with a whole rune, or with what cannot become one.
func FullRune(p []byte) bool {
	n := len(p)
	if n == 0 {
		return false
	}
	size := need(p[0])
	if n >= size {
		return true
	}
	return n > 1 && !second(p[0], p[1]) || n > 2 && !follows(p[2])
}

// RuneCount counts the runes in p; a byte that is part of none counts as one.
func RuneCount(p []byte) int {
	count := 0
	for at := 0; at < len(p); count++ {
		_, size := DecodeRune(p[at:])
		at += size
	}
	return count
}

// Valid tells whether p is nothing but runes.
func Valid(p []byte) bool {
	for at := 0; at < len(p); {
		r, size := DecodeRune(p[at:])
		if r == RuneError && size == 1 {
			return false
		}
		at += size
	}
	return true
}

// EncodeRune writes a rune into p and gives the number of bytes; RuneError in place of what is no
// rune. It panics where p is too short.
func EncodeRune(p []byte, r rune) int {
	size := RuneLen(r)
	if size < 0 {
		r, size = RuneError, 3
	}
	switch size {
	case 1:
		p[0] = byte(r)
	case 2:
		_ = p[1]
		p[0] = 0xC0 | byte(r>>6)
		p[1] = 0x80 | byte(r)&0x3F
	case 3:
		_ = p[2]
		p[0] = 0xE0 | byte(r>>12)
		p[1] = 0x80 | byte(r>>6)&0x3F
		p[2] = 0x80 | byte(r)&0x3F
	default:
		_ = p[3]
		p[0] = 0xF0 | byte(r>>18)
		p[1] = 0x80 | byte(r>>12)&0x3F
		p[2] = 0x80 | byte(r>>6)&0x3F
		p[3] = 0x80 | byte(r)&0x3F
	}
	return size
}

// AppendRune writes a rune behind the last byte of p, which must have room for it.
func AppendRune(p []byte, r rune) []byte {
	var b [UTFMax]byte
	return append(p, b[:EncodeRune(b[:], r)]...)
}

// DecodeRuneInString is DecodeRune for a string.
func DecodeRuneInString(s string) (r rune, size int) { return DecodeRune(view(s)) }

// DecodeLastRuneInString is DecodeLastRune for a string.
func DecodeLastRuneInString(s string) (r rune, size int) { return DecodeLastRune(view(s)) }

// FullRuneInString is FullRune for a string.
func FullRuneInString(s string) bool { return FullRune(view(s)) }

// RuneCountInString is RuneCount for a string.
func RuneCountInString(s string) (n int) { return RuneCount(view(s)) }

// ValidString is Valid for a string.
func ValidString(s string) bool { return Valid(view(s)) }
