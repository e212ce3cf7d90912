package iterators

// Range over functions.

type seq[T any] func(yield func(T) bool)
type seq2[K, V any] func(yield func(K, V) bool)

func count(n int32) seq[int32] {
	return func(yield func(int32) bool) {
		for i := int32(0); i < n && i < 8; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

func all[T any](s []T) seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i, v := range s {
			if !yield(i, v) {
				return
			}
		}
	}
}

func filter[T any](s seq[T], keep func(T) bool) seq[T] {
	return func(yield func(T) bool) {
		for x := range s {
			if keep(x) && !yield(x) {
				return
			}
		}
	}
}

func mapped[T, U any](s seq[T], f func(T) U) seq[U] {
	return func(yield func(U) bool) {
		s(func(x T) bool { return yield(f(x)) })
	}
}

func Sum(n int32) int32 {
	t := int32(0)
	for x := range count(n) {
		t += x
	}
	return t
}

func Break(n, stop int32) (int32, int32) {
	t, last := int32(0), int32(-1)
	for x := range count(n) {
		if x == stop {
			break
		}
		if x&1 != 0 {
			continue
		}
		t += x
		last = x
	}
	return t, last
}

func Return(n, stop int32) int32 {
	for x := range count(n) {
		if x == stop {
			return x * 100
		}
	}
	return -1
}

func Nested(n, m int32) (t int32) {
outer:
	for x := range count(n) {
		for y := range count(m) {
			if y > x {
				continue outer
			}
			if x+y > 9 {
				break outer
			}
			if x*y == 12 {
				return -t
			}
			t += x*10 + y
		}
	}
	return t
}

func Elements(a, b, c int32) (int32, int) {
	s := [3]int32{a, b, c}
	t, at := int32(0), 0
	for i, v := range all(s[:]) {
		t += v
		if v > 10 {
			at = i
			break
		}
	}
	return t, at
}

func Pipeline(n, k int32) int32 {
	t := int32(0)
	even := filter(count(n), func(x int32) bool { return x&1 == 0 })
	for x := range mapped(filter(even, func(x int32) bool { return x != k }), func(x int32) int64 { return int64(x) * 3 }) {
		t += int32(x)
	}
	return t
}

func once(yield func() bool) { yield() }

func NoValue(a int32) int32 {
	for range once {
		a++
	}
	return a
}

func PanicInside(n, d int32) int32 {
	t := int32(0)
	for x := range count(n) {
		t += 10 / (x - d)
	}
	return t
}

func twice(yield func(int32) bool) {
	yield(1)
	yield(2)
}

func GoesOn(stop int32) (t int32) {
	for x := range twice {
		t += x
		if x == stop {
			break
		}
	}
	return t
}

func Captures(n int32) int32 {
	t := int32(0)
	for x := range count(n) {
		f := func() int32 { return x * n }
		t += f()
	}
	return t
}

func SameTwice(n int32) (a, b int32) {
	s := count(n)
	for x := range s {
		a += x
		for y := range s {
			b += x * y
		}
	}
	return
}
