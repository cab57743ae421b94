"""An instance as arrays: what a formulation needs, in integer codes and numbers.

Data extraction never touches variables, and mathematics never touches tables.
"""

from allocator.data.data import Data
from allocator.data.extract import Extraction, extract
from allocator.data.index import Axis, Grouped, Index, LookupMiss
from allocator.data.runs import RunTerms
from allocator.data.terms import Terms

__all__ = [
    "Axis",
    "Data",
    "Extraction",
    "Grouped",
    "Index",
    "LookupMiss",
    "RunTerms",
    "Terms",
    "extract",
]
