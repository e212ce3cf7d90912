package defers

var Effects uint64

func note(x uint64) { Effects = Effects*16 + x }

func Order(a int32) int32 {
	defer note(1)
	defer note(2)
	if a > 0 {
		defer note(3)
		if a > 10 {
			return a
		}
	}
	defer note(4)
	note(5)
	return a + 1
}

func Evaluated(a uint64) uint64 {
	x := a & 7
	defer note(x)
	x++
	defer func() { note(x) }()
	x++
	return x
}

func Named(a int32) (r int32) {
	defer func() { r = r*2 + 1 }()
	if a < 0 {
		return -a
	}
	r = a
	return
}

func OnPanic(a, b int32) int32 {
	defer note(1)
	if b > 3 {
		defer note(2)
	}
	x := a / b
	defer note(3)
	return x
}

func inner(a, b int32) int32 {
	defer note(4)
	return a / b
}

func FromCallee(a, b int32) int32 {
	defer note(1)
	defer func() {
		note(2)
	}()
	return inner(a, b)
}

func PanicInDeferred(a, b int32) int32 {
	defer note(1)
	defer func() {
		note(uint64(a/b) & 7)
	}()
	defer note(3)
	return a
}

func PanicTwice(a, b, c int32) int32 {
	defer note(1)
	defer func() { note(uint64(a/c) & 7) }()
	defer note(2)
	return a / b
}

type lock struct{ held uint64 }

func (l *lock) lock()        { l.held++; note(8) }
func (l *lock) unlock()      { l.held--; note(9) }
func (l lock) show(x uint64) { note(l.held + x) }

func Methods(a, b int32) (int32, uint64) {
	var l lock
	l.lock()
	defer l.unlock()
	defer l.show(2)
	l.held++
	return a / b, l.held
}

type locker interface{ unlock() }

func Interface(a int32) int32 {
	l := lock{1}
	var k locker = &l
	defer k.unlock()
	return a
}

func chosen(which bool) func() {
	if which {
		return func() { note(6) }
	}
	return func() { note(7) }
}

func FunctionValue(which bool) int32 {
	defer chosen(which)()
	note(1)
	return 3
}

func NilFunction(which bool) int32 {
	var f func()
	if which {
		f = func() { note(1) }
	}
	defer note(3)
	defer f()
	note(2)
	return 1
}

func InSwitch(k uint8) (r uint8) {
	switch k & 3 {
	case 0:
		defer note(1)
	case 1:
		defer note(2)
		fallthrough
	case 2:
		defer note(3)
	}
	for i := uint8(0); i < 3; i++ {
		func() {
			defer note(uint64(i))
			r += i
		}()
	}
	return r
}

func Literal(a int32) (x int32, y int32) {
	f := func(p int32) (q int32) {
		defer func() { q += x }()
		x++
		return p
	}
	y = f(a) + f(a)
	return
}

func Index(i uint8) (r int32) {
	var a [4]int32
	defer func() {
		r = a[0] + a[3]
		Effects = uint64(a[1])
	}()
	a[0], a[1] = 1, 2
	a[i] = 5
	return a[2]
}
