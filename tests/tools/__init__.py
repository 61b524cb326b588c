"""What the tests use that is no part of the compiler: the ./dev script as a module, the real HCL parser."""
