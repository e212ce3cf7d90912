//go:build !bpf

package ebpf

import (
	"bytes"
	"fmt"
	"net/netip"
	"time"
	"unsafe"
)

// How values are shown by package fmt, in the messages of tests. Programs have no strings.

func named[T ~uint8 | ~uint32 | ~int32](v T, names map[T]string) string {
	if name, ok := names[v]; ok {
		return name
	}
	return fmt.Sprint(int64(v))
}

// String is the action's name.
func (a XDPAction) String() string {
	return named(a, map[XDPAction]string{
		XDPAborted: "XDPAborted", XDPDrop: "XDPDrop", XDPPass: "XDPPass", XDPTX: "XDPTX", XDPRedirect: "XDPRedirect",
	})
}

// String is the action's name.
func (a TCAction) String() string {
	return named(a, map[TCAction]string{
		TCUnspec: "TCUnspec", TCOK: "TCOK", TCShot: "TCShot", TCRedirect: "TCRedirect",
	})
}

// String is the verdict's name.
func (v Verdict) String() string {
	return named(v, map[Verdict]string{Deny: "Deny", Allow: "Allow"})
}

// String is the error's name; "0" where there is none.
func (e Errno) String() string {
	return named(e, map[Errno]string{
		EPERM: "EPERM", ENOENT: "ENOENT", E2BIG: "E2BIG", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES",
		EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST", EINVAL: "EINVAL", ENOSPC: "ENOSPC", ERANGE: "ERANGE",
		EOPNOTSUPP: "EOPNOTSUPP",
	})
}

// String is the number, in the machine's order.
func (v BE16) String() string { return fmt.Sprint(v.Uint16()) }

// String is the number, in the machine's order.
func (v BE32) String() string { return fmt.Sprint(v.Uint32()) }

// String is the number, in the machine's order.
func (v BE64) String() string { return fmt.Sprint(v.Uint64()) }

// String is the address as people write it.
func (a IPv4Addr) String() string {
	return netip.AddrFrom4(*(*[4]byte)(unsafe.Pointer(&a))).String()
}

// String is the address as people write it.
func (a IPv6Addr) String() string {
	return netip.AddrFrom16(*(*[16]byte)(unsafe.Pointer(&a))).String()
}

// String is the address as people write it.
func (m MAC) String() string {
	return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5])
}

// String is the name up to the 0.
func (c Comm) String() string {
	name, _, _ := bytes.Cut(c[:], []byte{0})
	return string(name)
}

// String is the time as package time shows it.
func (n Nanoseconds) String() string { return time.Duration(n).String() }

// String is the time since the machine was started.
func (t Ktime) String() string { return time.Duration(t).String() }

// String has the flags' names.
func (f TCPFlags) String() string {
	var all []byte
	for i, name := range []string{"Fin", "Syn", "Rst", "Psh", "Ack", "Urg", "Ece", "Cwr"} {
		if f>>i&1 != 0 {
			all = append(append(all, '|'), name...)
		}
	}
	return string(bytes.TrimPrefix(all, []byte("|")))
}
