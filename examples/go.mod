module examples

go 1.27

require tinybpf v0.0.0

replace tinybpf => ../go
