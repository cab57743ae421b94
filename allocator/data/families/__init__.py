"""What the rows of a constraint family run over, where that follows from several parts.

Each is made from :class:`allocator.data.parts.Parts` alone: index sets, and the smallest constants
that free a row. What follows from one part stands in that part.
"""
