//go:build bpf

package bytes

import "unicode/utf8"

// What takes functions.

// IndexFunc is where the first rune of b stands of which f is true; -1 where there is none.
func IndexFunc(b []byte, f func(r rune) bool) int {
	for at := 0; at < len(b); {
		r, size := utf8.DecodeRune(b[at:])
		if f(r) {
			return at
		}
		at += size
	}
	return -1
}

// LastIndexFunc is where the last rune of b stands of which f is true; -1 where there is none.
func LastIndexFunc(b []byte, f func(r rune) bool) int {
	for end := len(b); end > 0; {
		r, size := utf8.DecodeLastRune(b[:end])
		end -= size
		if f(r) {
			return end
		}
	}
	return -1
}

// ContainsFunc tells whether f is true of a rune of b.
func ContainsFunc(b []byte, f func(rune) bool) bool { return IndexFunc(b, f) >= 0 }

// TrimLeftFunc is b from the first rune on of which f is false; nil where there is none.
func TrimLeftFunc(b []byte, f func(r rune) bool) []byte {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if !f(r) {
			return b
		}
		b = b[size:]
	}
	return nil
}

// TrimRightFunc is b to the last rune of which f is false.
func TrimRightFunc(b []byte, f func(r rune) bool) []byte {
	end := len(b)
	for end > 0 {
		r, size := utf8.DecodeLastRune(b[:end])
		if !f(r) {
			break
		}
		end -= size
	}
	return b[:end]
}

// TrimFunc is b from the first to the last rune of which f is false; nil where there is none.
func TrimFunc(b []byte, f func(r rune) bool) []byte { return TrimRightFunc(TrimLeftFunc(b, f), f) }
