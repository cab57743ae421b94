"""The report: figures of result files, and the page made of them."""
