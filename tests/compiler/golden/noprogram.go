package main

func f() int32 { return 0 }
