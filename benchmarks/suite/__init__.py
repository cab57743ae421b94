"""The benchmark suite: families of programmes, solvers, modelling layers, comparisons."""
