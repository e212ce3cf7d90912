//go:build bpf

// Package strings is Go's package strings as programs in the kernel have it: what looks into strings,
// and cuts parts of them. What makes new ones is not there.
//
// The compiler gives it to programs that import "strings"; for Go's own tools they import Go's.
package strings

import (
	"bytes"
	"unicode/utf8"
)

// view is the bytes of a string, to be read only.
//
//bpf:builtin bytes_of
func view(s string) []byte

// Compare is -1 where a sorts before b, 1 where it sorts behind, else 0.
func Compare(a, b string) int {
	if a == b {
		return 0
	}
	if a < b {
		return -1
	}
	return 1
}

// HasPrefix tells whether s begins with prefix.
func HasPrefix(s, prefix string) bool { return len(s) >= len(prefix) && s[:len(prefix)] == prefix }

// HasSuffix tells whether s ends with suffix.
func HasSuffix(s, suffix string) bool {
	return len(s) >= len(suffix) && s[len(s)-len(suffix):] == suffix
}

// Index is where part first stands in s; -1 where it does not.
func Index(s, part string) int { return bytes.Index(view(s), view(part)) }

// LastIndex is where part last stands in s; -1 where it does not.
func LastIndex(s, part string) int { return bytes.LastIndex(view(s), view(part)) }

// Contains tells whether part stands in s.
func Contains(s, part string) bool { return Index(s, part) >= 0 }

// IndexByte is where c first stands in s; -1 where it does not.
func IndexByte(s string, c byte) int { return bytes.IndexByte(view(s), c) }

// LastIndexByte is where c last stands in s; -1 where it does not.
func LastIndexByte(s string, c byte) int { return bytes.LastIndexByte(view(s), c) }

// IndexRune is where a rune first stands in s; -1 where it does not. utf8.RuneError stands where s
// has a byte that is part of no rune.
func IndexRune(s string, r rune) int { return bytes.IndexRune(view(s), r) }

// ContainsRune tells whether a rune stands in s.
func ContainsRune(s string, r rune) bool { return IndexRune(s, r) >= 0 }

// IndexAny is where the first rune of s stands that is one of chars; -1 where none is.
func IndexAny(s, chars string) int { return bytes.IndexAny(view(s), chars) }

// LastIndexAny is where the last rune of s stands that is one of chars; -1 where none is.
func LastIndexAny(s, chars string) int { return bytes.LastIndexAny(view(s), chars) }

// ContainsAny tells whether a rune of s is one of chars.
func ContainsAny(s, chars string) bool { return IndexAny(s, chars) >= 0 }

// Count counts how often part stands in s without overlap; for an empty part one more than s has runes.
func Count(s, part string) int { return bytes.Count(view(s), view(part)) }

// Cut is what stands before and behind the first place of sep; s and nothing where there is none.
func Cut(s, sep string) (before, after string, found bool) {
	if i := Index(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// CutLast is what stands before and behind the last place of sep; s and nothing where there is none.
func CutLast(s, sep string) (before, after string, found bool) {
	if i := LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// CutPrefix is s without prefix, and whether it began with it.
func CutPrefix(s, prefix string) (after string, found bool) {
	if !HasPrefix(s, prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// CutSuffix is s without suffix, and whether it ended with it.
func CutSuffix(s, suffix string) (before string, found bool) {
	if !HasSuffix(s, suffix) {
		return s, false
	}
	return s[:len(s)-len(suffix)], true
}

// TrimPrefix is s without prefix, or s where it does not begin with it.
func TrimPrefix(s, prefix string) string {
	if HasPrefix(s, prefix) {
		return s[len(prefix):]
	}
	return s
}

// TrimSuffix is s without suffix, or s where it does not end with it.
func TrimSuffix(s, suffix string) string {
	if HasSuffix(s, suffix) {
		return s[:len(s)-len(suffix)]
	}
	return s
}

// leading is where the first rune of s stands that is none of cutset.
func leading(s, cutset string) int {
	at := 0
	if len(cutset) == 1 && cutset[0] < utf8.RuneSelf { // no runes to take apart
		for at < len(s) && s[at] == cutset[0] {
			at++
		}
		return at
	}
	for at < len(s) {
		r, size := utf8.DecodeRuneInString(s[at:])
		if !has(cutset, r) {
			break
		}
		at += size
	}
	return at
}

// trailing is where the last rune of s ends that is none of cutset.
func trailing(s, cutset string) int {
	end := len(s)
	if len(cutset) == 1 && cutset[0] < utf8.RuneSelf {
		for end > 0 && s[end-1] == cutset[0] {
			end--
		}
		return end
	}
	for end > 0 {
		r, size := utf8.DecodeLastRuneInString(s[:end])
		if !has(cutset, r) {
			break
		}
		end -= size
	}
	return end
}

func has(chars string, r rune) bool {
	for _, c := range chars {
		if c == r {
			return true
		}
	}
	return false
}

// TrimLeft is s from the first rune on that is none of cutset.
func TrimLeft(s, cutset string) string { return s[leading(s, cutset):] }

// TrimRight is s to the last rune that is none of cutset.
func TrimRight(s, cutset string) string { return s[:trailing(s, cutset)] }

// Trim is s from the first to the last rune that is none of cutset.
func Trim(s, cutset string) string {
	s = s[:trailing(s, cutset)]
	return s[leading(s, cutset):]
}

// TrimSpace is s without the white space, as Unicode has it, around it.
func TrimSpace(s string) string { return Trim(s, spaces) }

const spaces = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" +
	"\u2028\u2029\u202f\u205f\u3000"
