//go:build bpf

package strings

import "unicode/utf8"

// What takes functions.

// IndexFunc is where the first rune of s stands of which f is true; -1 where there is none.
func IndexFunc(s string, f func(r rune) bool) int {
	for at := 0; at < len(s); {
		r, size := utf8.DecodeRuneInString(s[at:])
		if f(r) {
			return at
		}
		at += size
	}
	return -1
}

// LastIndexFunc is where the last rune of s stands of which f is true; -1 where there is none.
func LastIndexFunc(s string, f func(r rune) bool) int {
	for end := len(s); end > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:end])
		end -= size
		if f(r) {
			return end
		}
	}
	return -1
}

// ContainsFunc tells whether f is true of a rune of s.
func ContainsFunc(s string, f func(rune) bool) bool { return IndexFunc(s, f) >= 0 }

// TrimLeftFunc is s from the first rune on of which f is false.
func TrimLeftFunc(s string, f func(r rune) bool) string {
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if !f(r) {
			return s
		}
		s = s[size:]
	}
	return ""
}

// TrimRightFunc is s to the last rune of which f is false.
func TrimRightFunc(s string, f func(r rune) bool) string {
	end := len(s)
	for end > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:end])
		if !f(r) {
			break
		}
		end -= size
	}
	return s[:end]
}

// TrimFunc is s from the first to the last rune of which f is false.
func TrimFunc(s string, f func(r rune) bool) string { return TrimRightFunc(TrimLeftFunc(s, f), f) }
