"""The benchmark suite: families of programmes, solvers, modelling layers, and how they are compared."""
