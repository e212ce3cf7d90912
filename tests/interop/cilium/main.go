// Loads a BPF object with cilium/ebpf, tells what is in it as JSON, and runs one of its programs.
//
//	cilium OBJECT [PROGRAM CONTEXT]
//
// CONTEXT is the program's context in hexadecimal; for XDP it is the packet.
package main

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// Map is what the tests want to know of a map; Key and Value are BTF's names of their types.
type Map struct {
	Type       string
	KeySize    uint32
	ValueSize  uint32
	MaxEntries uint32
	Key        string
	Value      string
}

// Program is what the tests want to know of a program; Functions are those it brings along.
type Program struct {
	Type      string
	Section   string
	License   string
	Functions []string
	Lines     int
}

// Answer is what is written to the standard output.
type Answer struct {
	Maps      map[string]Map
	Programs  map[string]Program
	Variables map[string]string
	Returned  *uint32
	Context   string
}

func main() {
	answer, err := run(os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%+v\n", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
		os.Exit(1)
	}
}

func run(path string, toRun []string) (*Answer, error) {
	spec, err := ebpf.LoadCollectionSpec(path)
	if err != nil {
		return nil, err
	}
	answer := describe(spec)
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		return nil, err
	}
	defer collection.Close()
	for name, m := range collection.Maps {
		if _, known := answer.Maps[name]; known && m.Type().String() != answer.Maps[name].Type {
			return nil, fmt.Errorf("map %s became a %s", name, m.Type())
		}
	}
	if len(toRun) == 0 {
		return answer, nil
	}
	return answer, runProgram(collection, toRun[0], toRun[1], answer)
}

func describe(spec *ebpf.CollectionSpec) *Answer {
	answer := &Answer{Maps: map[string]Map{}, Programs: map[string]Program{}, Variables: map[string]string{}}
	for name, m := range spec.Maps {
		answer.Maps[name] = Map{m.Type.String(), m.KeySize, m.ValueSize, m.MaxEntries, typeName(m.Key), typeName(m.Value)}
	}
	for name, p := range spec.Programs {
		described := Program{Type: p.Type.String(), Section: p.SectionName, License: p.License}
		for i := range p.Instructions {
			if f := btf.FuncMetadata(&p.Instructions[i]); f != nil {
				described.Functions = append(described.Functions, f.Name)
			}
			if p.Instructions[i].Source() != nil {
				described.Lines++
			}
		}
		answer.Programs[name] = described
	}
	for name, v := range spec.Variables {
		answer.Variables[name] = fmt.Sprintf("%s %s", v.SectionName, typeName(v.Type.Type))
	}
	return answer
}

func typeName(t btf.Type) string {
	if t == nil {
		return ""
	}
	return t.TypeName()
}

func runProgram(collection *ebpf.Collection, name, given string, answer *Answer) error {
	input, err := hex.DecodeString(given)
	if err != nil {
		return err
	}
	program := collection.Programs[name]
	if program == nil {
		return fmt.Errorf("no program %s", name)
	}
	options := &ebpf.RunOptions{Data: input}
	var context []byte
	if program.Type() == ebpf.Syscall {
		context = make([]byte, len(input))
		options = &ebpf.RunOptions{Context: input, ContextOut: context}
	}
	returned, err := program.Run(options)
	answer.Returned, answer.Context = &returned, hex.EncodeToString(context)
	return err
}
