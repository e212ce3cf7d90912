package main

import (
	"fmt"
	"os"
	"runtime/debug"
)

// testHook is for tests: it is called at each step with the step's name.
var testHook func(s *session, step string)

func (s *session) hook(step string) {
	if testHook != nil {
		testHook(s, step)
	}
}

// answer makes the document of a request. Where there are errors and provided packages were pruned,
// it is made again with all that these packages have, which is what messages should go by.
func answer(req *Request) *Document {
	s := &session{req: req}
	doc := s.run()
	if s.pruned && s.failed() {
		whole := &session{req: req, whole: true}
		doc = whole.run()
	}
	return doc
}

// run makes the document. It does not panic: what slips through becomes a diagnostic of kind
// "internal" at the place that was being worked on.
func (s *session) run() (doc *Document) {
	req := s.req
	s.doc = &Document{Protocol: protocol}
	defer func() {
		if fault := recover(); fault != nil {
			fmt.Fprintf(os.Stderr, "%v\n%s", fault, debug.Stack())
			doc = s.internal(fault)
		}
	}()
	if req.Protocol != protocol {
		s.report(0, fmt.Sprintf("the front end speaks protocol %d, the request protocol %d", protocol, req.Protocol))
		return s.finish()
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
		s.hook(step.name)
		if !step.run() {
			return s.finish()
		}
	}
	return s.finish()
}
