package ebpf

// A Context is the pointer that a program gets from the kernel, of whatever type the program
// declares it. Programs that do not look into it declare it as Context; helpers take any.
type Context any

// An XDP is the context of sections xdp, xdp.frags and their kin: a packet that has just arrived.
// Header looks into it. The kernel calls it xdp_md. Linux 4.8.
type XDP struct {
	data           uint32
	dataEnd        uint32
	dataMeta       uint32
	IngressIfindex uint32 // interface that the packet came in on
	RxQueueIndex   uint32 // queue of that interface
	EgressIfindex  uint32 // interface that it goes out on, in xdp/devmap programs (Linux 5.8)
}

// An XDPAction is what an XDP program returns.
type XDPAction uint32

const (
	XDPAborted  XDPAction = 0 // dropped, and the tracepoint xdp:xdp_exception fires
	XDPDrop     XDPAction = 1
	XDPPass     XDPAction = 2 // on to the network stack
	XDPTX       XDPAction = 3 // back out of the interface that it came from
	XDPRedirect XDPAction = 4 // to where a redirect helper said
)

// An SKB is the context of programs on packets inside the network stack: tc, tcx, netkit,
// cgroup_skb, socket filters, sk_skb. Which fields a kind of program may read or write the
// verifier knows. The kernel calls it __sk_buff.
type SKB struct {
	Len            uint32 // bytes in the packet
	PktType        uint32
	Mark           uint32
	QueueMapping   uint32
	protocol       uint32
	VLANPresent    uint32
	VLANTCI        uint32
	VLANProto      uint32
	Priority       uint32
	IngressIfindex uint32
	Ifindex        uint32
	TCIndex        uint32
	CB             [5]uint32
	Hash           uint32
	TCClassID      uint32
	data           uint32
	dataEnd        uint32
	NAPIID         uint32
	Family         uint32
	RemoteIP4      IPv4Addr
	LocalIP4       IPv4Addr
	RemoteIP6      IPv6Addr
	LocalIP6       IPv6Addr
	remotePort     uint32
	LocalPort      uint32
	dataMeta       uint32
	_              [8]byte // flow_keys
	Tstamp         uint64
	WireLen        uint32
	GSOSegs        uint32
	_              [8]byte // sk
	GSOSize        uint32
	TstampType     uint8
	_              [3]byte
	HWTstamp       uint64
}

// Protocol is the protocol inside the link layer's header, such as EtherTypeIPv4.
func (ctx *SKB) Protocol() uint16 { return BE16{uint16(ctx.protocol)}.Uint16() }

// RemotePort is the port of the other end, of a socket's packet.
func (ctx *SKB) RemotePort() uint16 { return uint16(BE32{ctx.remotePort}.Uint32()) }

// A TCAction is what tc, tcx and netkit programs return.
type TCAction int32

const (
	TCUnspec   TCAction = -1 // the next program decides (TCX_NEXT)
	TCOK       TCAction = 0  // on its way, past all other programs (TCX_PASS)
	TCShot     TCAction = 2  // dropped (TCX_DROP)
	TCRedirect TCAction = 7  // to where a redirect helper said
)

// A SockAddr is the context of the cgroup programs on socket addresses: connect4, bind6,
// sendmsg4 and their kin. The kernel calls it bpf_sock_addr. Linux 4.17.
type SockAddr struct {
	UserFamily uint32
	UserIP4    IPv4Addr // the address that the process asked for; can be changed
	UserIP6    IPv6Addr
	userPort   uint32
	Family     uint32
	Type       uint32 // SOCK_STREAM is 1, SOCK_DGRAM 2
	Protocol   uint32
	MsgSrcIP4  IPv4Addr
	MsgSrcIP6  IPv6Addr
	_          [12]byte // sk, on a multiple of 8
}

// Port is the port that the process asked for.
func (ctx *SockAddr) Port() uint16 { return BE16{uint16(ctx.userPort)}.Uint16() }

// SetPort changes the port.
func (ctx *SockAddr) SetPort(port uint16) { ctx.userPort = uint32(NewBE16(port).raw) }

// A Verdict is what the cgroup programs return that decide.
type Verdict int32

const (
	Deny  Verdict = 0 // EPERM for the process, or the packet is dropped
	Allow Verdict = 1
)

// A TraceEntry begins each tracepoint's record.
type TraceEntry struct {
	Type         uint16
	Flags        uint8
	PreemptCount uint8
	PID          int32
}

// A SysEnter is the context of tracepoint/syscalls/sys_enter_NAME and of
// tracepoint/raw_syscalls/sys_enter: a system call begins.
type SysEnter struct {
	TraceEntry
	Nr   int32
	_    [4]byte
	Args [6]uint64 // as many as the call has
}

// A SysExit is the context of tracepoint/syscalls/sys_exit_NAME and of
// tracepoint/raw_syscalls/sys_exit: a system call ends.
type SysExit struct {
	TraceEntry
	Nr  int32
	_   [4]byte
	Ret int64 // negative: the error number
}

// A SchedProcessExec is the context of tracepoint/sched/sched_process_exec: a process has a new
// program.
type SchedProcessExec struct {
	TraceEntry
	Filename DataLoc
	PID      int32
	OldPID   int32
}

// A SchedProcessFork is the context of tracepoint/sched/sched_process_fork, of kernels before
// 6.16, whose records have the names themselves.
type SchedProcessFork struct {
	TraceEntry
	ParentComm Comm
	ParentPID  int32
	ChildComm  Comm
	ChildPID   int32
}

// A DataLoc is a tracepoint's field of variable length: its place in the record, and its size.
type DataLoc uint32

// Offset is in bytes from the context's beginning.
func (d DataLoc) Offset() uint32 { return uint32(d) & 0xffff }

// Len is in bytes, of a string with the 0 at its end.
func (d DataLoc) Len() uint32 { return uint32(d) >> 16 }

// A RawTracepoint is the context of raw_tracepoint programs: the arguments of the tracepoint as
// the kernel's source declares them, pointers as addresses. Linux 4.17.
type RawTracepoint struct {
	Args [12]uint64
}
