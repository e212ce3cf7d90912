package control

func IfChain(a int32) int32 {
	if a < 0 {
		return -1
	} else if a == 0 {
		return 0
	} else if a < 10 {
		return 1
	}
	return 2
}

func IfInit(a, b int32) int32 {
	if c := a - b; c > 0 {
		return c
	} else if d := c * 2; d < -10 {
		return d
	}
	return a
}

//in:n 0..40
func SumTo(n uint32) uint32 {
	n = min(n, 40)
	var s uint32
	for i := uint32(0); i < n; i++ {
		s += i * i
	}
	return s
}

//in:n 0..20
func CountDown(n int8) (int8, int32) {
	n = min(n, 20)
	steps := int32(0)
	for n > 0 && steps < 5 {
		n -= 3
		steps++
	}
	return n, steps
}

func Collatz(n uint16) uint32 {
	x, steps := uint32(n), uint32(0)
	for i := 0; i < 60; i++ {
		if x <= 1 {
			break
		}
		if x&1 == 0 {
			x >>= 1
		} else {
			x = 3*x + 1
		}
		steps++
	}
	return steps
}

func BitCount(x uint64) int {
	n := 0
	for i := 0; i < 64; i++ {
		if x>>i&1 != 0 {
			n++
		}
	}
	return n
}

//in:n 0..12
func Continue(n int) int {
	n = min(n, 12)
	s := 0
	for i := 0; i < n; i++ {
		if i%3 == 0 {
			continue
		}
		s = s*10 + i
	}
	return s
}

//in:n 0..12
//in:m 0..12
func LabelledLoops(n, m int) (int, int) {
	n, m = min(n, 12), min(m, 12)
	found, turns := -1, 0
outer:
	for i := 0; i < n; i++ {
		for j := 0; j < 12; j++ {
			turns++
			if j > m {
				continue outer
			}
			if i*j == 20 {
				found = i*100 + j
				break outer
			}
		}
	}
	return found, turns
}

//in:a 0..20
func Goto(a int) int {
	a = min(a, 20)
	i, s := 0, 0
again:
	if i >= a {
		goto end
	}
	s += i
	i++
	if i < 20 {
		goto again
	}
end:
	return s
}

func Switch(a int16) int {
	switch a {
	case 0, 1, 2:
		return 10
	case -1:
		return 20
	case 127, 128:
		return 30
	case 32767:
		return 40
	case -32768:
		return 50
	default:
		return 60
	}
}

func SwitchDense(a uint8) int {
	switch a {
	case 0:
		return 7
	case 1:
		return 3
	case 2:
		return 99
	case 3:
		return -4
	case 4:
		return 11
	case 5:
		return 8
	case 6:
		return 1
	case 7:
		return 1000
	case 8:
		return 23
	}
	return -1
}

func Fallthrough(a uint8) int {
	s := 0
	switch a {
	case 0:
		s += 1
		fallthrough
	case 1:
		s += 10
		fallthrough
	case 2:
		s += 100
	case 3:
		s += 1000
		fallthrough
	default:
		s += 10000
	}
	return s
}

func SwitchNoTag(a, b int32) int {
	switch {
	case a > b && a > 100:
		return 1
	case a == b:
		return 2
	case b < 0:
		return 3
	}
	return 4
}

func SwitchDefaultFirst(a int32) int {
	switch {
	default:
		return -1
	case a > 10:
		return 10
	case a > 5:
		return 5
	}
}

func SwitchBreak(a int32) int {
	s := 0
	switch x := a & 7; x {
	case 1:
		if a > 100 {
			break
		}
		s = 1
	case 2:
		for i := 0; i < 5; i++ {
			if i == 3 {
				break
			}
			s += 10
		}
		s++
	case 3:
	default:
		s = 7
	}
	return s
}

func SwitchInLoop(a uint32) int {
	s := 0
loop:
	for i := 0; i < 10; i++ {
		switch a >> (i * 3) & 7 {
		case 0:
			continue
		case 1:
			s++
		case 2:
			break
		case 7:
			break loop
		default:
			s += 100
		}
		s += 10000
	}
	return s
}

var Effects uint64

func note(x uint64, r bool) bool {
	Effects = Effects*16 + x
	return r
}

func noteInt(x uint64, r int32) int32 {
	Effects = Effects*16 + x
	return r
}

func ShortCircuit(a, b, c bool) bool {
	return note(1, a) && note(2, b) || note(3, c)
}

func ShortCircuitNested(a, b, c, d bool) (bool, bool) {
	x := note(1, a) || (note(2, b) && !note(3, c)) || note(4, d)
	y := !(note(5, b) && note(6, c)) && (note(7, a) || note(8, d))
	return x, y
}

func SwitchOrder(a int32) int {
	switch noteInt(1, a) {
	case noteInt(2, 0):
		return 1
	case noteInt(3, 1), noteInt(4, 2):
		return 2
	case noteInt(5, -1):
		return 3
	}
	return 4
}

func SwitchTrueOrder(a, b bool) int {
	switch {
	case note(1, a):
		return 1
	case note(2, b), note(3, a != b):
		return 2
	default:
		return 3
	}
}

func BoolLogic(a, b bool) (bool, bool, bool, bool, bool) {
	return a && b, a || b, !a, a == b, a != b
}

func BoolToInt(a, b bool) int {
	n := 0
	if a {
		n |= 1
	}
	if b {
		n |= 2
	}
	if a == !b {
		n |= 4
	}
	return n
}

//in:n 0..9
func NestedLoops(n int) int {
	n = min(n, 9)
	s := 0
	for i := 0; i < n; i++ {
		for j := i; j < n; j++ {
			for k := 0; k < 4; k++ {
				s += i*j ^ k
			}
		}
	}
	return s
}

//in:n -3..12
func RangeInt(n int) (int, int) {
	n = min(n, 12)
	s, c := 0, 0
	for i := range n {
		s += i * i
		c++
		if c > 10 {
			break
		}
	}
	for range n {
		c += 100
		if c > 2000 {
			break
		}
	}
	return s, c
}

//in:n 0..12
func RangeUint8(n uint8) (s uint8) {
	n = min(n, 12)
	for i := range n {
		s += i << 2
		n = 100
	}
	return
}

func RangeConst() int {
	s := 0
	for i := range 10 {
		s += i
		i += 5
		s += i
	}
	return s
}

func Shadow(a int32) int32 {
	x := a
	{
		x := x + 1
		x *= 2
		if x := x - 3; x > 0 {
			a += x
		}
		a += x
	}
	for x := int32(0); x < 3; x++ {
		a += x
	}
	return a - x
}

func WhileBit(x uint32) (n uint32) {
	for ; x != 0 && n < 32; x &= x - 1 {
		n++
	}
	return
}

//in:n 0..10
//in:v 0..10
func LoopTwoVars(n, v int) int {
	n = min(n, 10)
	s := 0
	for i, j := 0, n; i < j; i, j = i+1, j-1 {
		s += i*v + j
	}
	return s
}

func Wrap8Loop(start uint8) int {
	n := 0
	for i := start; i >= start && n < 300; i++ {
		n++
	}
	return n
}

func DeadCode(a int32) int32 {
	if false {
		a = 5
	}
	for false {
		a = 6
	}
	const debug = 0
	if debug > 1 {
		return 7
	}
	return a
}
