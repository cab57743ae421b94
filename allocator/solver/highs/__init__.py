"""Everything that knows HiGHS."""
