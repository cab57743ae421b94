"""The sections of the summary a board reads, one file each, in the order they are printed."""
