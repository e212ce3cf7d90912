package main

import "encoding/json"

// A Number is an integer in decimal, written to JSON as it is.
type Number string

func (n Number) MarshalJSON() ([]byte, error) { return []byte(n), nil }

func encode(doc *Document) []byte {
	text, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return text
}
