package main

func prog( {
}
