//go:build bpf

// Package time is Go's package time as programs in the kernel have it: durations. The kernel's clock
// is ebpf.Now.
//
// The compiler gives it to programs that import "time"; for Go's own tools they import Go's.
package time

// A Duration is a time span in nanoseconds.
type Duration int64

// Common durations.
const (
	Nanosecond  Duration = 1
	Microsecond          = 1000 * Nanosecond
	Millisecond          = 1000 * Microsecond
	Second               = 1000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
)

const (
	longest  Duration = 1<<63 - 1
	shortest Duration = -1 << 63
)

// Nanoseconds is the duration in nanoseconds.
func (d Duration) Nanoseconds() int64 { return int64(d) }

// Microseconds is the duration in microseconds, rounded towards zero.
func (d Duration) Microseconds() int64 { return int64(d) / 1e3 }

// Milliseconds is the duration in milliseconds, rounded towards zero.
func (d Duration) Milliseconds() int64 { return int64(d) / 1e6 }

// Abs is the duration without its sign; of the shortest one the longest.
func (d Duration) Abs() Duration {
	if d == shortest {
		return longest
	}
	if d < 0 {
		return -d
	}
	return d
}

// Truncate rounds towards zero, to a multiple of m; where m is not above zero the duration stays.
func (d Duration) Truncate(m Duration) Duration {
	if m <= 0 {
		return d
	}
	return d - d%m
}

// Round rounds to the nearest multiple of m, halfway away from zero; where m is not above zero the
// duration stays. What has no room becomes the longest or the shortest duration.
func (d Duration) Round(m Duration) Duration {
	if m <= 0 {
		return d
	}
	rest := d % m
	if d < 0 {
		rest = -rest
		if rest < m-rest {
			return d + rest
		}
		if low := d - m + rest; low < d {
			return low
		}
		return shortest
	}
	if rest < m-rest {
		return d - rest
	}
	if high := d + m - rest; high > d {
		return high
	}
	return longest
}
