package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

// panicHook is for tests: it is called at each step with the step's name.
var panicHook func(step string)

// answer makes the document of a request. It does not panic: what slips through becomes a
// diagnostic of kind "internal" at the place that was being worked on.
func answer(req *Request) (doc *Document) {
	s := &session{req: req, doc: &Document{Protocol: protocol}}
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", fault, debug.Stack())
			doc = s.internal(fault)
		}
	}()
	if req.Protocol != protocol {
		s.report(0, fmt.Sprintf("the front end speaks protocol %d, the request protocol %d", protocol, req.Protocol))
		return s.refused()
	}
	for _, step := range []struct {
		name string
		run  func() bool
	}{
		{"select", s.selectFiles},
		{"parse", s.parse},
		{"check", s.check},
		{"build", s.build},
		{"encode", s.encode},
	} {
		if panicHook != nil {
			panicHook(step.name)
		}
		if !step.run() {
			return s.refused()
		}
	}
	s.refused()
	return s.doc
}
