package main

import (
	"go/types"
	"regexp"
	"strings"
)

var (
	noField  = regexp.MustCompile(`^unknown field (\w+) in struct literal of type (\w+)\.(\w+)`)
	methodOf = regexp.MustCompile(`^[^ ]+\.(\w+) undefined \(type \*?(\w+)\.(\w+)(?:\[.*\])? has no field or method \w+\)$`)
)

// nameHint says what may be meant by a name that a provided package, or a type of one, does not have.
func (u *unit) nameHint(message string) string {
	for _, pattern := range []*regexp.Regexp{noField, methodOf} {
		if m := pattern.FindStringSubmatch(message); m != nil {
			return u.memberHint(m[1], m[2], m[3], pattern == methodOf)
		}
	}
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

// memberHint is the field, or also the method, of a provided type that may be meant.
func (u *unit) memberHint(name, local, typeName string, methods bool) string {
	imported := u.providedAs(local)
	if imported == nil {
		return ""
	}
	obj, ok := imported.pkg.Scope().Lookup(typeName).(*types.TypeName)
	if !ok {
		return ""
	}
	var names []string
	if methods {
		set := types.NewMethodSet(types.NewPointer(obj.Type()))
		for i := range set.Len() {
			names = append(names, set.At(i).Obj().Name())
		}
	}
	if st, ok := obj.Type().Underlying().(*types.Struct); ok {
		for i := range st.NumFields() {
			names = append(names, st.Field(i).Name())
		}
	}
	near := nearest(name, names)
	if near == "" {
		return ""
	}
	return " (did you mean " + near + "?)"
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
	least := 2 + len(name)/5 + len(name)/8
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

// distance is the number of letters to change, add, leave out or swap with the next between two words.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			least := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				least = min(least, rows[i-2][j-2]+1)
			}
			rows[i][j] = least
		}
	}
	return rows[len(a)][len(b)]
}
