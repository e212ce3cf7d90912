package globals

type config struct {
	limit   uint32
	enabled bool
	weights [3]int16
	inner   struct{ a, b uint8 }
}

const base = 10

var (
	counter  uint64
	signed   int32 = -5
	table          = [5]uint16{1, base, 3: base * base, 4: 0xffff}
	settings       = config{limit: 7, enabled: true, weights: [3]int16{-1, 2, -3}, inner: struct{ a, b uint8 }{1, 2}}
	matrix         = [2][3]int32{{1, 2, 3}, {-1, -2, -3}}
	points         = [...]struct {
		x int8
		y uint32
	}{{1, 2}, {-1, 4}, {y: 9}}
	computed  = base*3 + len(table)
	dependent = computed*2 + 1
	flag      = computed > 20
	small     int8
	zero      [4]uint64
	copied           = settings
	wide      uint64 = 1<<63 | 5
)

func Read() (int32, uint32, int, int, bool) {
	return signed, settings.limit, computed, dependent, flag
}

//in:i -1..6
func ReadTable(i int) uint16 { return table[i] }

//in:i 0..2
//in:j 0..3
func ReadMatrix(i, j int) int32 { return matrix[i][j] }

//in:i 0..3
func ReadPoints(i uint8) (int8, uint32) { return points[i].x, points[i].y }

//in:i 0..3
func ReadStruct(i int) (int16, uint8, bool, int16) {
	return settings.weights[i], settings.inner.a + copied.inner.b, copied.enabled, copied.weights[i]
}

func ReadWide() uint64 { return wide }

func WriteRead(a uint64) (uint64, uint64) {
	counter = a
	counter++
	x := counter
	counter *= 3
	return x, counter
}

func WriteNarrow(a int8) (int8, int32) {
	small = a
	small += 100
	return small, int32(small) >> 1
}

var scratch [6]uint32

//in:i -1..7
func WriteElement(i int, v uint32) (uint32, uint32) {
	scratch = [6]uint32{1, 2, 3}
	scratch[i] = v
	scratch[0] += scratch[i]
	return scratch[0], scratch[2]
}

var state config

func WriteStruct(a uint32, b int16) (uint32, int16, bool) {
	state = config{}
	state.limit = a
	state.weights[1] = b
	p := &state
	p.enabled = a > 5
	q := &p.weights[2]
	*q = b + 1
	c := state
	state.limit = 0
	return c.limit, state.weights[1] + state.weights[2], c.enabled
}

func bump(p *uint64) { *p += 7 }

func AddressOfGlobal(a uint64) uint64 {
	counter = a
	bump(&counter)
	return counter
}

//in:lo 0..7
//in:hi 0..7
func SliceOfGlobal(lo, hi int) (int, uint32) {
	scratch = [6]uint32{1, 2, 3, 4, 5, 6}
	s := scratch[lo:hi]
	t := uint32(0)
	for i := range s {
		s[i]++
		t += s[i]
	}
	return cap(s), t + scratch[0]
}

func CompareGlobals(a uint32) (bool, bool) {
	state = settings
	same := state == copied
	state.limit = a
	return same, state == settings
}

func readCounter() uint64 { return counter }

func WrittenByCallee(a uint64) uint64 {
	counter = a
	x := readCounter()
	bump(&counter)
	return x ^ readCounter()
}

func Zero() (uint64, bool) { return zero[1] + zero[3], zero == [4]uint64{} }

var Effects uint64

func EffectsOnly(a uint64) bool {
	Effects = a ^ 0xff
	return a > 5
}

var shadowed = 3

func ShadowGlobal(a int) int {
	shadowed := shadowed + a
	return shadowed
}

type words struct {
	a uintptr
	b [2]uintptr
}

var wordTable = [2]words{{a: 5}, {b: [2]uintptr{7, 1 << 40}}}
var wordSum = wordTable[0].a + wordTable[1].b[0]

// A uintptr in an initial value is a number.
func WordTable(n uint8) (uintptr, uintptr) {
	return wordTable[n&1].b[1] + wordTable[n&1].a, wordSum
}
