"""One programme of the suite: canonical arrays, a hash of them, and files that keep every digit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from allocator.arrays import Flags, Floats
from benchmarks.suite.files import whole

SIZES = ("XS", "S", "M", "L", "XL")
"""About 1e3 nonzeros or fewer, then 1e4, 1e5, 1e6 and 1e7."""

NUMBERS = ("cost", "row_lower", "row_upper", "col_lower", "col_upper")
"""Arrays of numbers besides the matrix."""

KNOWN = ("family", "size", "seed", "optimum", "status", "conflict", "about")
"""What is known of a problem besides its arrays."""


@dataclass(frozen=True)
class Problem:
    """A linear or mixed-integer programme and what is known about it.

    ``optimise cost x + offset`` subject to ``row_lower <= matrix x <= row_upper`` and
    ``col_lower <= x <= col_upper``, columns marked in `integer` whole.

    Attributes
    ----------
    family, size, seed : str, str, int
        Where it comes from.
    maximise : bool
        Sense of the objective.
    cost : ndarray, shape (columns,)
    offset : float
    matrix : csr_array, shape (rows, columns)
        Sorted indices, no explicit zeros, no duplicates.
    row_lower, row_upper, col_lower, col_upper : ndarray
        Infinite where there is none.
    integer : ndarray of bool, shape (columns,)
    optimum : float or None
        Objective known by construction or from a closed form; None where it is not.
    status : str
        What is known of it: ``optimal``, ``infeasible``, ``unbounded``, or blank.
    conflict : tuple of int
        Rows that are known to be infeasible together and feasible without any one of them.
    about : dict
        Anything the family wants to say: plain JSON values.
    """

    family: str
    size: str
    seed: int
    maximise: bool
    cost: Floats
    offset: float
    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    col_lower: Floats
    col_upper: Floats
    integer: Flags
    optimum: float | None = None
    status: str = ""
    conflict: tuple[int, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, family: str, size: str, seed: int, **parts: Any) -> Problem:
        """Problem with its arrays brought to their canonical form."""
        matrix = sparse.csr_array(parts.pop("matrix"), dtype=float)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        matrix.sort_indices()
        for name in NUMBERS:
            parts[name] = np.ascontiguousarray(parts[name], dtype=float) + 0.0
        parts["integer"] = np.ascontiguousarray(parts["integer"], dtype=bool)
        return cls(family, size, seed, matrix=matrix, **parts)

    @property
    def name(self) -> str:
        """Family, size and seed."""
        return f"{self.family}-{self.size}-{self.seed}"

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.matrix.shape
        return int(rows), int(columns)

    @property
    def whole(self) -> bool:
        """Whether any column must be whole."""
        return bool(self.integer.any())

    @property
    def sha256(self) -> str:
        """Hash of the canonical arrays; names, seeds and what is known do not count."""
        digest = hashlib.sha256(b"max" if self.maximise else b"min")
        digest.update(np.array(self.shape, dtype="<i8").tobytes())
        for places in (self.matrix.indptr, self.matrix.indices):
            digest.update(np.ascontiguousarray(places, dtype="<i8").tobytes())
        numbers = (
            self.matrix.data,
            self.cost,
            np.array([self.offset]),
            self.row_lower,
            self.row_upper,
            self.col_lower,
            self.col_upper,
        )
        for array in numbers:
            digest.update((np.ascontiguousarray(array, dtype="<f8") + 0.0).tobytes())
        digest.update(np.packbits(self.integer).tobytes())
        return digest.hexdigest()

    def described(self) -> dict[str, Any]:
        """Where it comes from, its hash and its size: plain JSON values."""
        rows, columns = self.shape
        return {
            "family": self.family,
            "size": self.size,
            "seed": self.seed,
            "sha256": self.sha256,
            "rows": rows,
            "columns": columns,
            "nonzeros": int(self.matrix.nnz),
            "integers": int(self.integer.sum()),
        }

    def known(self) -> dict[str, Any]:
        """What is known of it: plain JSON values that keep every digit."""
        known = {name: getattr(self, name) for name in KNOWN}
        if self.optimum is not None:
            known["optimum"] = float(self.optimum).hex()
        return known | {"conflict": list(self.conflict)}

    def replaced(self, **changes: Any) -> Problem:
        """Copy with some parts changed, its arrays in their canonical form."""
        parts = {part.name: getattr(self, part.name) for part in fields(self)}
        return Problem.of(**parts | changes)

    def permuted(self, seed: int) -> Problem:
        """The same problem with rows and columns in another order (seed 0: as it is)."""
        if seed == 0:
            return self
        rng = np.random.default_rng(seed)
        rows, columns = rng.permutation(self.shape[0]), rng.permutation(self.shape[1])
        place = np.argsort(rows)
        return self.replaced(
            cost=self.cost[columns],
            matrix=self.matrix[rows][:, columns],
            row_lower=self.row_lower[rows],
            row_upper=self.row_upper[rows],
            col_lower=self.col_lower[columns],
            col_upper=self.col_upper[columns],
            integer=self.integer[columns],
            conflict=tuple(int(place[r]) for r in self.conflict),
        )

    def save(self, path: Path) -> None:
        """Write all of it to one ``.npz`` file, completely or not at all."""
        offset, shape = float(self.offset).hex(), list(self.shape)
        meta = {**self.known(), "maximise": self.maximise, "offset": offset, "shape": shape}
        with whole(path) as file:
            np.savez_compressed(
                file,
                meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
                **{name: getattr(self.matrix, name) for name in ("data", "indices", "indptr")},
                **{name: getattr(self, name) for name in (*NUMBERS, "integer")},
            )

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what :meth:`save` wrote."""
        with np.load(path) as held:
            meta = json.loads(bytes(held["meta"]).decode())
            parts = (held["data"], held["indices"], held["indptr"])
            arrays = {name: held[name] for name in (*NUMBERS, "integer")}
        return cls.of(
            **known_parts(meta),
            maximise=meta["maximise"],
            offset=float.fromhex(meta["offset"]),
            matrix=sparse.csr_array(parts, shape=tuple(meta["shape"])),
            **arrays,
        )


def known_parts(known: Mapping[str, Any]) -> dict[str, Any]:
    """What :meth:`Problem.known` said, as parts of a problem."""
    parts = {name: known[name] for name in KNOWN if name in known}
    if parts.get("optimum") is not None:
        parts["optimum"] = float.fromhex(parts["optimum"])
    if "conflict" in parts:
        parts["conflict"] = tuple(parts["conflict"])
    return parts
