//go:build bpf

// Package bytes is Go's package bytes as programs in the kernel have it: what looks into slices of
// bytes, and cuts parts of them. What makes new ones is not there.
//
// The compiler gives it to programs that import "bytes"; for Go's own tools they import Go's.
package bytes

import "unicode/utf8"

// Equal tells whether two slices have the same bytes.
func Equal(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if c != b[i] {
			return false
		}
	}
	return true
}

// Compare is -1 where a sorts before b, 1 where it sorts behind, else 0.
func Compare(a, b []byte) int {
	for i, c := range a {
		if i >= len(b) {
			return 1
		}
		if d := b[i]; c != d {
			if c < d {
				return -1
			}
			return 1
		}
	}
	if len(a) < len(b) {
		return -1
	}
	return 0
}

// at tells whether part stands in b from i on, where it has room.
func at(b []byte, i int, part []byte) bool {
	for j, c := range part {
		if b[i+j] != c {
			return false
		}
	}
	return true
}

// HasPrefix tells whether b begins with prefix.
func HasPrefix(b, prefix []byte) bool {
	return len(b) >= len(prefix) && at(b, 0, prefix)
}

// HasSuffix tells whether b ends with suffix.
func HasSuffix(b, suffix []byte) bool {
	return len(b) >= len(suffix) && at(b, len(b)-len(suffix), suffix)
}

// Index is where part first stands in b; -1 where it does not.
func Index(b, part []byte) int {
	for i := 0; i <= len(b)-len(part); i++ {
		if at(b, i, part) {
			return i
		}
	}
	return -1
}

// LastIndex is where part last stands in b; -1 where it does not.
func LastIndex(b, part []byte) int {
	for i := len(b) - len(part); i >= 0; i-- {
		if at(b, i, part) {
			return i
		}
	}
	return -1
}

// Contains tells whether part stands in b.
func Contains(b, part []byte) bool { return Index(b, part) >= 0 }

// IndexByte is where c first stands in b; -1 where it does not.
func IndexByte(b []byte, c byte) int {
	for i, x := range b {
		if x == c {
			return i
		}
	}
	return -1
}

// LastIndexByte is where c last stands in b; -1 where it does not.
func LastIndexByte(b []byte, c byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == c {
			return i
		}
	}
	return -1
}

// IndexRune is where a rune first stands in b; -1 where it does not. utf8.RuneError stands where b
// has a byte that is part of no rune.
func IndexRune(b []byte, r rune) int {
	if r != utf8.RuneError && !utf8.ValidRune(r) {
		return -1
	}
	for i := 0; i < len(b); {
		found, size := utf8.DecodeRune(b[i:])
		if found == r {
			return i
		}
		i += size
	}
	return -1
}

// ContainsRune tells whether a rune stands in b.
func ContainsRune(b []byte, r rune) bool { return IndexRune(b, r) >= 0 }

// Count counts how often part stands in b without overlap; for an empty part one more than b has runes.
func Count(b, part []byte) int {
	if len(part) == 0 {
		return utf8.RuneCount(b) + 1
	}
	count := 0
	for i := 0; i <= len(b)-len(part); i++ {
		if at(b, i, part) {
			count++
			i += len(part) - 1
		}
	}
	return count
}

// Cut is what stands before and behind the first place of sep; b and nil where there is none.
func Cut(b, sep []byte) (before, after []byte, found bool) {
	if i := Index(b, sep); i >= 0 {
		return b[:i], b[i+len(sep):], true
	}
	return b, nil, false
}

// CutLast is what stands before and behind the last place of sep; b and nil where there is none.
func CutLast(b, sep []byte) (before, after []byte, found bool) {
	if i := LastIndex(b, sep); i >= 0 {
		return b[:i], b[i+len(sep):], true
	}
	return b, nil, false
}

// CutPrefix is b without prefix, and whether it began with it.
func CutPrefix(b, prefix []byte) (after []byte, found bool) {
	if !HasPrefix(b, prefix) {
		return b, false
	}
	return b[len(prefix):], true
}

// CutSuffix is b without suffix, and whether it ended with it.
func CutSuffix(b, suffix []byte) (before []byte, found bool) {
	if !HasSuffix(b, suffix) {
		return b, false
	}
	return b[:len(b)-len(suffix)], true
}

// TrimPrefix is b without prefix, or b where it does not begin with it.
func TrimPrefix(b, prefix []byte) []byte {
	if HasPrefix(b, prefix) {
		return b[len(prefix):]
	}
	return b
}

// TrimSuffix is b without suffix, or b where it does not end with it.
func TrimSuffix(b, suffix []byte) []byte {
	if HasSuffix(b, suffix) {
		return b[:len(b)-len(suffix)]
	}
	return b
}
