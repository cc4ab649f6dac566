module interlude.dev/tests/faults/proxy

go 1.26.0
