package main

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A schema is what schema.json says of one value.
type schema struct {
	Type            string             `json:"type"`
	Ref             string             `json:"$ref"`
	AnyOf           []schema           `json:"anyOf"`
	Items           *schema            `json:"items"`
	Properties      map[string]*schema `json:"properties"`
	Required        []string           `json:"required"`
	Enum            []string           `json:"enum"`
	Default         any                `json:"default"`
	ContentEncoding string             `json:"contentEncoding"`
}

func loadSchema(t *testing.T) map[string]*schema {
	t.Helper()
	text, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Defs map[string]*schema `json:"$defs"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	return file.Defs
}

// structures says which Go structure stands for which part of the schema.
var structures = map[string]any{
	"Request": Request{}, "Document": Document{}, "File": File{}, "Directive": Directive{},
	"Diagnostic": Diagnostic{}, "Global": Global{}, "Function": Function{}, "Block": Block{}, "Field": Field{},
	"Basic": Basic{}, "Named": Named{}, "Constant": Constant{}, "Pointer": Pointer{}, "Array": Array{}, "Slice": SliceType{},
	"Struct": Struct{}, "Tuple": Tuple{}, "Signature": Signature{}, "Foreign": Foreign{},
	"Param": Param{}, "FreeVar": FreeVar{}, "ConstInt": ConstInt{}, "ConstBool": ConstBool{},
	"ConstString": ConstString{}, "ConstFloat": ConstFloat{}, "ConstNil": ConstNil{}, "GlobalRef": GlobalRef{},
	"FuncRef": FuncRef{}, "Builtin": Builtin{},
	"Alloc": Alloc{}, "Phi": Phi{}, "BinOp": BinOp{}, "UnOp": UnOp{}, "Call": Call{}, "ChangeType": Unary{},
	"Convert": Unary{}, "MultiConvert": Unary{}, "SliceToArrayPointer": Unary{}, "ChangeInterface": Unary{},
	"MakeInterface": Unary{}, "MakeClosure": MakeClosure{}, "MakeMap": Plain{}, "MakeChan": Plain{},
	"MakeSlice": MakeSlice{}, "SliceOp": SliceOp{}, "FieldAddr": FieldOp{}, "FieldOp": FieldOp{},
	"IndexAddr": IndexOp{}, "Index": IndexOp{}, "Lookup": Lookup{}, "Select": Plain{}, "Range": Unary{},
	"Next": Next{}, "TypeAssert": TypeAssert{}, "Extract": Extract{}, "Jump": Bare{}, "If": If{},
	"Return": Return{}, "Panic": Panic{}, "RunDefers": Bare{}, "Go": Bare{}, "Defer": Defer{}, "Send": Bare{},
	"Store": Store{}, "MapUpdate": Bare{}, "Dynamic": Dynamic{}, "Method": Method{},
}

// TestSchema holds the Go structures to the description in ssa.py.
func TestSchema(t *testing.T) {
	defs := loadSchema(t)
	for _, name := range slices.Sorted(maps.Keys(defs)) {
		if name == "Pos" {
			continue // three integers, as every use of it is checked to be
		}
		part, ok := structures[name]
		if !ok {
			t.Errorf("%s: no Go structure", name)
			continue
		}
		t.Run(name, func(t *testing.T) { compareFields(t, name, defs[name], reflect.TypeOf(part)) })
	}
	for name := range structures {
		if defs[name] == nil {
			t.Errorf("%s is not in the schema", name)
		}
	}
}

func compareFields(t *testing.T, name string, def *schema, typ reflect.Type) {
	seen := map[string]bool{}
	for _, f := range reflect.VisibleFields(typ) {
		if f.Anonymous {
			continue
		}
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		prop := def.Properties[tag]
		if prop == nil {
			t.Errorf("%s is not in the schema", tag)
			continue
		}
		seen[tag] = true
		if optional := !slices.Contains(def.Required, tag); optional != (options != "") {
			t.Errorf("%s: optional is %v in the schema", tag, optional)
		}
		if want, got := describe(prop), describeGo(f.Type); want != got {
			t.Errorf("%s: %s in the schema, %s in Go", tag, want, got)
		}
		if options != "" && name != "Request" && !zeroDefault(name, tag, prop.Default) {
			t.Errorf("%s: default %v is not Go's zero value", tag, prop.Default)
		}
	}
	for tag := range def.Properties {
		if !seen[tag] {
			t.Errorf("%s is not in Go", tag)
		}
	}
}

// zeroDefault tells whether a field that Go leaves out for being zero has that default.
func zeroDefault(part, field string, value any) bool {
	if part == "Diagnostic" && field == "kind" {
		return value == "error" // the empty string stands for it
	}
	switch value := value.(type) {
	case []any:
		return len(value) == 0 || reflect.DeepEqual(value, []any{0.0, 0.0, 0.0})
	case map[string]any:
		return len(value) == 0
	}
	return value == nil || reflect.ValueOf(value).IsZero()
}

// describe writes what a schema allows, in words that describeGo shares.
func describe(s *schema) string {
	switch {
	case s.Ref != "":
		return strings.TrimPrefix(s.Ref, "#/$defs/")
	case len(s.AnyOf) == 2 && s.AnyOf[1].Type == "null" && s.AnyOf[0].Type == "array":
		return describe(&s.AnyOf[0])
	case len(s.AnyOf) == 2 && s.AnyOf[1].Type == "null":
		return describe(&s.AnyOf[0]) + "?"
	case len(s.AnyOf) > 0:
		return "any"
	case s.ContentEncoding == "base64":
		return "bytes"
	case s.Type == "array":
		return "[]" + describe(s.Items)
	case s.Type == "object":
		return "map"
	case len(s.Enum) > 0:
		return "string"
	}
	return s.Type
}

func describeGo(typ reflect.Type) string {
	switch {
	case typ == reflect.TypeFor[Number]():
		return "integer"
	case typ == reflect.TypeFor[Pos]():
		return "Pos"
	case typ == reflect.TypeFor[[]byte]():
		return "bytes"
	}
	switch typ.Kind() {
	case reflect.Slice:
		return "[]" + describeGo(typ.Elem())
	case reflect.Pointer:
		if typ.Elem().Kind() == reflect.Struct {
			return typ.Elem().Name()
		}
		return describeGo(typ.Elem()) + "?"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Bool:
		return "boolean"
	case reflect.Interface:
		return "any"
	case reflect.Struct:
		return typ.Name()
	}
	return typ.Kind().String()
}

// kindOf is the name by which the document tells a part of a union.
func kindOf(def *schema) string {
	for _, field := range []string{"op", "kind"} {
		if p := def.Properties[field]; p != nil && len(p.Enum) == 1 {
			return p.Enum[0]
		}
	}
	return ""
}

// validate holds a value of a document to its schema.
func validate(t *testing.T, defs map[string]*schema, s *schema, at string, value any) {
	t.Helper()
	switch {
	case s.Ref == "#/$defs/Pos":
		if list, ok := value.([]any); !ok || len(list) != 3 {
			t.Errorf("%s: %v is no position", at, value)
		}
	case s.Ref != "":
		validateStruct(t, defs, defs[strings.TrimPrefix(s.Ref, "#/$defs/")], at, value)
	case len(s.AnyOf) > 0:
		validateUnion(t, defs, s, at, value)
	case s.Type == "array":
		list, ok := value.([]any)
		if !ok {
			t.Errorf("%s: %v is no list", at, value)
		}
		for _, v := range list {
			validate(t, defs, s.Items, at+"[]", v)
		}
	case len(s.Enum) > 0:
		if !slices.Contains(s.Enum, value.(string)) {
			t.Errorf("%s: %v is none of %v", at, value, s.Enum)
		}
	default:
		want := map[string]string{"float64": "integer", "Number": "integer", "string": "string", "bool": "boolean"}
		if got := want[reflect.TypeOf(value).Name()]; got != s.Type {
			t.Errorf("%s: %v is no %s", at, value, s.Type)
		}
	}
}

func validateUnion(t *testing.T, defs map[string]*schema, s *schema, at string, value any) {
	t.Helper()
	object, ok := value.(map[string]any)
	if !ok {
		validate(t, defs, &s.AnyOf[0], at, value)
		return
	}
	for _, one := range s.AnyOf {
		def := defs[strings.TrimPrefix(one.Ref, "#/$defs/")]
		if kind := kindOf(def); object["op"] == kind || object["kind"] == kind {
			validateStruct(t, defs, def, at+" "+kind, value)
			return
		}
	}
	t.Errorf("%s: unknown kind of %v", at, value)
}

func validateStruct(t *testing.T, defs map[string]*schema, def *schema, at string, value any) {
	t.Helper()
	object := value.(map[string]any)
	for _, name := range def.Required {
		if _, ok := object[name]; !ok {
			t.Errorf("%s: no %s", at, name)
		}
	}
	for name, v := range object {
		if prop := def.Properties[name]; prop == nil {
			t.Errorf("%s: unknown field %s", at, name)
		} else {
			validate(t, defs, prop, at+"."+name, v)
		}
	}
}
