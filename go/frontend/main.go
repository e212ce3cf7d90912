// Command frontend reads a Request (JSON) from its standard input and writes a Document (JSON)
// to its standard output: one Go package as diagnostics and typed SSA. The exit status is 0
// also where the package has errors; 2 where the input is no Request at all.
//
// src/tinybpf/compiler/ssa.py describes both. Build, in the directory go:
//
//	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o ../src/tinybpf/compiler/_bin/frontend ./frontend
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
)

// memoryLimit is where garbage collection begins; a usual run ends long before.
const memoryLimit = 256 << 20

func main() {
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryLimit)
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	var req Request
	if err := json.Unmarshal(input, &req); err != nil {
		fail(fmt.Errorf("not a request: %w", err))
	}
	if _, err := os.Stdout.Write(encode(answer(&req))); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "frontend:", err)
	os.Exit(2)
}
