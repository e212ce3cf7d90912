package mem

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"
)

// contexts are the packets and records that tests made. A packet is known by a number that is in
// its context, so that a copy of the context has the same packet; a record by its address.
var contexts struct {
	sync.Mutex
	packets map[uint32]*Packet
	last    uint32
	records map[unsafe.Pointer][]byte
}

// A Packet is what a context shows to programs: the bytes from Start to End of its memory.
type Packet struct {
	memory     []byte
	start, end int
}

// room is how many bytes a packet can grow at either end, as XDP's headroom.
const room = 256

// AddPacket keeps a copy of data, and gives the number that it is known by.
func AddPacket(data []byte) uint32 {
	p := &Packet{memory: make([]byte, room+len(data)+room), start: room, end: room + len(data)}
	copy(p.memory[room:], data)
	contexts.Lock()
	defer contexts.Unlock()
	if contexts.packets == nil {
		contexts.packets = map[uint32]*Packet{}
	}
	contexts.last++
	contexts.packets[contexts.last] = p
	return contexts.last
}

// PacketOf gives the packet of that number; nil where there is none.
func PacketOf(number uint32) *Packet {
	contexts.Lock()
	defer contexts.Unlock()
	return contexts.packets[number]
}

// Bytes are the packet's, not a copy; none of no packet.
func (p *Packet) Bytes() []byte {
	if p == nil {
		return nil
	}
	return p.memory[p.start:p.end:p.end]
}

// At gives the address of size bytes at offset; nil where they are not all in the packet.
func (p *Packet) At(offset, size uint32) unsafe.Pointer {
	b := p.Bytes()
	if size == 0 || uint64(offset)+uint64(size) > uint64(len(b)) {
		return nil
	}
	return unsafe.Pointer(&b[offset])
}

// Move moves the packet's ends by so many bytes, start to the front where it is negative, and
// tells whether there was room. What comes in at the end is zero.
func (p *Packet) Move(start, end int) bool {
	s, e := p.start+start, p.end+end
	if s < 0 || e > len(p.memory) || e-s < minPacket {
		return false
	}
	if end > 0 {
		clear(p.memory[p.end:e])
	}
	p.start, p.end = s, e
	return true
}

const minPacket = 14 // ETH_HLEN

// AddRecord keeps data, the record of a tracepoint at ctx, for ReadRecord.
func AddRecord(ctx unsafe.Pointer, data []byte) {
	contexts.Lock()
	defer contexts.Unlock()
	if contexts.records == nil {
		contexts.records = map[unsafe.Pointer][]byte{}
	}
	contexts.records[ctx] = data
}

// ReadRecordString copies the string at offset of ctx, a pointer to a record; EFAULT where there
// is none.
func ReadRecordString(dst unsafe.Pointer, size uint32, ctx any, offset uint32) int64 {
	to := bytesAt(dst, uintptr(size))
	v := reflect.ValueOf(ctx)
	if v.Kind() != reflect.Pointer {
		panic(fmt.Sprintf("a context is a pointer, not %T", ctx))
	}
	contexts.Lock()
	data := contexts.records[v.UnsafePointer()]
	contexts.Unlock()
	if uint64(offset) >= uint64(len(data)) {
		clear(to)
		return fault
	}
	return copyString(to, data[offset:])
}

// ResetContexts forgets all packets and records: their contexts are without one.
func ResetContexts() {
	contexts.Lock()
	defer contexts.Unlock()
	contexts.packets, contexts.records = nil, nil
}

// The inside of package ebpf, for package ebpftest: set when ebpf is started.
var (
	StateOf     func(m any) *Map        // of a pointer to a map
	PacketField func(ctx any) *uint32   // the packet's number in a context
	SetProtocol func(skb any, p uint16) // the EtherType of a packet in the stack
)

// Bind takes the functions above, and the path of package ebpf.
func Bind(path string, state func(any) *Map, packet func(any) *uint32, protocol func(any, uint16)) {
	ebpfPath, StateOf, PacketField, SetProtocol = path, state, packet, protocol
}
