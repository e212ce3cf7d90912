package main

import "strings"

// nameHint says what may be meant by a name that a provided package does not have.
func (u *unit) nameHint(message string) string {
	name, ok := strings.CutPrefix(message, "undefined: ")
	if !ok {
		return ""
	}
	local, name, ok := strings.Cut(name, ".")
	if !ok || strings.Contains(name, " ") { // go/types has a hint of its own
		return ""
	}
	if imported := u.providedAs(local); imported != nil {
		if near := nearest(name, imported.pkg.Scope().Names()); near != "" {
			return " (did you mean " + local + "." + near + "?)"
		}
	}
	return ""
}

// providedAs is the provided package that files know by a name.
func (u *unit) providedAs(local string) *unit {
	for _, file := range u.files {
		for _, spec := range file.Imports {
			imported := u.imports[importPath(spec)]
			if imported == nil || !imported.provided || imported.pkg == nil {
				continue
			}
			if spec.Name == nil && imported.pkg.Name() == local || spec.Name != nil && spec.Name.Name == local {
				return imported
			}
		}
	}
	return nil
}

// nearest is the exported name that takes the fewest changes to become, if few are enough.
func nearest(name string, names []string) (near string) {
	least := 2 + len(name)/5
	for _, candidate := range names {
		if candidate[0] < 'A' || candidate[0] > 'Z' {
			continue
		}
		if d := distance(strings.ToLower(name), strings.ToLower(candidate)); d < least {
			near, least = candidate, d
		}
	}
	return near
}

// distance is the number of letters to change, add or leave out between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
