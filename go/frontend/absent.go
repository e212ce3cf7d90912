package main

import (
	"fmt"
	"regexp"
	"strings"
)

// What Go's standard packages have and the kernel's do not, by import path: names, and what to use
// instead. A test holds it to Go's own packages: with what ours have it is all that there is.
var absent = map[string][]absence{
	"bytes": {
		{"Buffer NewBuffer NewBufferString MinRead ErrTooLarge Reader NewReader", "append to a slice of an array: b := a[:0]"},
		{"Clone Join Map Repeat Replace ReplaceAll Title ToLower ToLowerSpecial ToTitle ToTitleSpecial " +
			"ToUpper ToUpperSpecial ToValidUTF8", "it makes a new slice, and there is no heap: write into an array of yours"},
		{"Fields FieldsFunc Runes Split SplitAfter SplitAfterN SplitN", "it makes a slice, and there is no heap: cut one part after the other with bytes.Cut"},
		{"FieldsFuncSeq FieldsSeq Lines SplitAfterSeq SplitSeq", "cut one part after the other with bytes.Cut"},
		{"EqualFold", "it goes by Unicode's tables: compare byte by byte, letters of ASCII with c | 0x20"},
	},
	"cmp": {},
	"encoding/binary": {
		{"Append Decode Encode Read Size Write", "it goes by reflection: read and write the fields one by one, by binary.BigEndian and its kin"},
		{"ReadUvarint ReadVarint", "there are no readers: binary.Uvarint takes bytes"},
	},
	"iter":      {{"Pull Pull2", "it needs a goroutine: range over the iterator"}},
	"math/bits": {},
	"math": {{"Abs Acos Acosh Asin Asinh Atan Atan2 Atanh Cbrt Ceil Copysign Cos Cosh Dim Erf Erfc Erfcinv Erfinv " +
		"Exp Exp2 Expm1 FMA Float32bits Float32frombits Float64bits Float64frombits Floor Frexp Gamma Hypot Ilogb " +
		"Inf IsInf IsNaN J0 J1 Jn Ldexp Lgamma Log Log10 Log1p Log2 Logb Max Min Mod Modf NaN Nextafter Nextafter32 " +
		"Pow Pow10 Remainder Round RoundToEven Signbit Sin Sincos Sinh Sqrt Tan Tanh Trunc Y0 Y1 Yn",
		"there is no floating point in the kernel: work with integers; min and max are built in, and math/bits has " +
			"Len for a logarithm"}},
	"slices": {
		{"AppendSeq Clone Collect Concat Grow Insert Repeat Replace Sorted SortedFunc SortedStableFunc", "it makes a new slice, and there is no heap: write into an array of yours"},
		{"Chunk", "slice the parts: s[i:min(i+n, len(s))]"},
	},
	"strings": {
		{"Builder Reader NewReader", "append to a slice of an array of bytes: b := a[:0]; b = append(b, s...)"},
		{"Replacer NewReplacer", "there is no heap: replace byte by byte in an array of yours"},
		{"Clone Join Map Repeat Replace ReplaceAll Title ToLower ToLowerSpecial ToTitle ToTitleSpecial " +
			"ToUpper ToUpperSpecial ToValidUTF8", "it makes a new string, and there is no heap: write into an array of yours"},
		{"Fields FieldsFunc Split SplitAfter SplitAfterN SplitN", "it makes a slice, and there is no heap: cut one part after the other with strings.Cut"},
		{"FieldsFuncSeq FieldsSeq Lines SplitAfterSeq SplitSeq", "cut one part after the other with strings.Cut"},
		{"EqualFold", "it goes by Unicode's tables: compare byte by byte, letters of ASCII with c | 0x20"},
	},
	"structs": {},
	"sync/atomic": {
		{"Pointer Value CompareAndSwapPointer LoadPointer StorePointer SwapPointer", "the kernel has atomic instructions for integers only"},
	},
	"time": {
		{"Now Since Until Time Unix UnixMicro UnixMilli Date", "ebpf.Now is the time since the machine began"},
		{"After AfterFunc NewTicker NewTimer Sleep Tick Ticker Timer", "a program does not wait; user space can call it again"},
		{"Duration.Hours Duration.Minutes Duration.Seconds", "there is no floating point in the kernel: divide by time.Second and its kin"},
		{"Duration.String Layout ANSIC UnixDate RubyDate RFC822 RFC822Z RFC850 RFC1123 RFC1123Z RFC3339 RFC3339Nano Kitchen " +
			"Stamp StampMilli StampMicro StampNano DateTime DateOnly TimeOnly Parse ParseDuration ParseError ParseInLocation " +
			"FixedZone Local LoadLocation LoadLocationFromTZData Location UTC", "times become text in user space"},
		{"Month January February March April May June July August September October November December Weekday " +
			"Sunday Monday Tuesday Wednesday Thursday Friday Saturday", "the calendar is for user space"},
	},
	"unicode/utf8": {},
}

// An absence is names of a package, and what to use instead of them.
type absence struct{ names, instead string }

// lookAbsent is what to use instead of a name that a provided package does not have and Go's has.
func lookAbsent(path, name string) (instead string, found bool) {
	for _, a := range absent[path] {
		for known := range strings.FieldsSeq(a.names) {
			if known == name {
				return a.instead, true
			}
		}
	}
	return "", false
}

var noMethod = regexp.MustCompile(`undefined \(type \*?(\w+)\.(\w+)(?:\[.*\])? has no field or method (\w+)`)

// absentWords is what is said instead of a message where it is of a name that only Go's own
// package has; empty where it is of something else.
func (u *unit) absentWords(message string) string {
	var local, name string
	if undefined, ok := strings.CutPrefix(message, "undefined: "); ok {
		local, name, _ = strings.Cut(undefined, ".")
	} else if m := noMethod.FindStringSubmatch(message); m != nil {
		local, name = m[1], m[2]+"."+m[3]
	}
	if name == "" {
		return ""
	}
	from := u.providedAs(local)
	if from == nil {
		return ""
	}
	instead, found := lookAbsent(from.path, name)
	if !found {
		return ""
	}
	shown := from.pkg.Name() + "." + name
	if selector, _, _ := strings.Cut(message, " undefined ("); strings.HasPrefix(selector, local+".") {
		shown = selector
	}
	return fmt.Sprintf("%s is not in the kernel's %s: %s", shown, from.path, instead)
}
