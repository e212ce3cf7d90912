package main

import "testing"

// A struct that contains itself, asked for its size before it is found invalid.
func TestSizeOfInvalidRecursiveType(t *testing.T) {
	for name, source := range map[string]string{
		"struct": "package main\n\nimport \"unsafe\"\n\ntype t struct{ a [2]t }\n\nconst n = unsafe.Sizeof(t{})\n",
		"mutual": "package main\n\nimport \"unsafe\"\n\ntype t struct{ a u }\ntype u struct{ b t }\n\nconst n = unsafe.Alignof(u{}.b)\n",
	} {
		t.Run(name, func(t *testing.T) {
			doc := compile(t, source)
			if len(doc.Diagnostics) == 0 {
				t.Fatal("no diagnostics")
			}
			for _, d := range doc.Diagnostics {
				if d.Kind == "internal" {
					t.Errorf("internal error: %s", d.Message)
				}
			}
		})
	}
}
