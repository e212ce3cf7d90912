//go:build !tinygo

// For editors and go vet, which do not set the build tag of the program itself.
package main

func main() {}
