"""Call a program's function in the sandbox: arguments go in, typed values come out."""
