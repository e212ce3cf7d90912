//go:build bpf

package bytes

import "unicode/utf8"

// Functions that look for any of several runes.

func has(chars string, r rune) bool {
	for _, c := range chars {
		if c == r {
			return true
		}
	}
	return false
}

// IndexAny is where the first rune of b stands that is one of chars; -1 where none is.
func IndexAny(b []byte, chars string) int {
	for at := 0; at < len(b); {
		r, size := utf8.DecodeRune(b[at:])
		if has(chars, r) {
			return at
		}
		at += size
	}
	return -1
}

// LastIndexAny is where the last rune of b stands that is one of chars; -1 where none is.
func LastIndexAny(b []byte, chars string) int {
	for end := len(b); end > 0; {
		r, size := utf8.DecodeLastRune(b[:end])
		end -= size
		if has(chars, r) {
			return end
		}
	}
	return -1
}

// ContainsAny tells whether a rune of b is one of chars.
func ContainsAny(b []byte, chars string) bool { return IndexAny(b, chars) >= 0 }

// TrimLeft is b from the first rune on that is none of cutset; nil where all are.
func TrimLeft(b []byte, cutset string) []byte {
	if len(cutset) == 1 && cutset[0] < utf8.RuneSelf { // no runes to take apart
		for i, c := range b {
			if c != cutset[0] {
				return b[i:]
			}
		}
		return nil
	}
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if !has(cutset, r) {
			return b
		}
		b = b[size:]
	}
	return nil
}

// TrimRight is b to the last rune that is none of cutset.
func TrimRight(b []byte, cutset string) []byte {
	end := len(b)
	if len(cutset) == 1 && cutset[0] < utf8.RuneSelf {
		for end > 0 && b[end-1] == cutset[0] {
			end--
		}
		return b[:end]
	}
	for end > 0 {
		r, size := utf8.DecodeLastRune(b[:end])
		if !has(cutset, r) {
			break
		}
		end -= size
	}
	return b[:end]
}

// Trim is b from the first to the last rune that is none of cutset; nil where all are.
func Trim(b []byte, cutset string) []byte { return TrimLeft(TrimRight(b, cutset), cutset) }

// TrimSpace is b without the white space, as Unicode has it, around it; nil where there is no more.
func TrimSpace(b []byte) []byte { return Trim(b, spaces) }

const spaces = "\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a" +
	"\u2028\u2029\u202f\u205f\u3000"
