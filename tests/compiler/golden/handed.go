package main

import "tinybpf/ebpf"

type node struct {
	next *node
	n    int32
}

type list struct{ head *node }

func (l *list) push(n int32) { l.head = &node{l.head, n} }

func link(a *node, n int32) {
	b := node{n: n}
	a.next = &b
}

func two(a *node) { link(a, 2) }

func swap(a, b **int32) {
	n := int32(1)
	*a, *b = &n, &n
}

func slice(to []*int32, n int32) { to[0] = &n }

//bpf:section xdp
func prog(ctx *ebpf.XDP) ebpf.XDPAction {
	var l list
	l.push(1)
	var a node
	two(&a)
	var p, q *int32
	swap(&p, &q)
	var s [2]*int32
	slice(s[:], 3)
	return ebpf.XDPAction(l.head.n + a.next.n + *p + *q + *s[0])
}
