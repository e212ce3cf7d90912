module examples

go 1.26.0

require tinybpf v0.0.0

replace tinybpf => ../go
