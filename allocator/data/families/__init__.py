"""What the rows of each constraint family run over: index sets and constants, as arrays.

The parts of :class:`allocator.data.Data` say what an instance says; these say where that makes a
row, and the smallest constant that frees one. Each follows from those parts alone.
"""
