"""One programme of the suite: canonical arrays, a hash of them, and files that keep every digit."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Numbers = npt.NDArray[np.float64]


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
    cost: Numbers
    offset: float
    matrix: sparse.csr_array
    row_lower: Numbers
    row_upper: Numbers
    col_lower: Numbers
    col_upper: Numbers
    integer: npt.NDArray[np.bool_]
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
        for name in ("cost", "row_lower", "row_upper", "col_lower", "col_upper"):
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
    def sha256(self) -> str:
        """Hash of the canonical arrays; names, seeds and what is known do not count."""
        digest = hashlib.sha256(b"max" if self.maximise else b"min")
        digest.update(np.array(self.shape, dtype="<i8").tobytes())
        for array in (self.matrix.indptr, self.matrix.indices):
            digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
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

    def permuted(self, seed: int) -> Problem:
        """The same problem with rows and columns in another order (seed 0: as it is)."""
        if seed == 0:
            return self
        rng = np.random.default_rng(seed)
        rows, columns = rng.permutation(self.shape[0]), rng.permutation(self.shape[1])
        place = np.argsort(rows)
        return Problem.of(
            self.family,
            self.size,
            self.seed,
            maximise=self.maximise,
            cost=self.cost[columns],
            offset=self.offset,
            matrix=self.matrix[rows][:, columns],
            row_lower=self.row_lower[rows],
            row_upper=self.row_upper[rows],
            col_lower=self.col_lower[columns],
            col_upper=self.col_upper[columns],
            integer=self.integer[columns],
            optimum=self.optimum,
            status=self.status,
            conflict=tuple(int(place[r]) for r in self.conflict),
            about=self.about,
        )

    def save(self, path: Path) -> None:
        """Write all of it to one ``.npz`` file, completely or not at all."""
        meta = {
            "family": self.family,
            "size": self.size,
            "seed": self.seed,
            "maximise": self.maximise,
            "offset": float(self.offset).hex(),
            "optimum": None if self.optimum is None else float(self.optimum).hex(),
            "status": self.status,
            "conflict": list(self.conflict),
            "about": self.about,
            "shape": list(self.shape),
        }
        content = io.BytesIO()
        np.savez_compressed(
            content,
            meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
            cost=self.cost,
            data=self.matrix.data,
            indices=self.matrix.indices,
            indptr=self.matrix.indptr,
            row_lower=self.row_lower,
            row_upper=self.row_upper,
            col_lower=self.col_lower,
            col_upper=self.col_upper,
            integer=self.integer,
        )
        part = path.with_suffix(".part")
        part.write_bytes(content.getvalue())
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what :meth:`save` wrote."""
        with np.load(path) as held:
            meta = json.loads(bytes(held["meta"]).decode())
            parts = (held["data"], held["indices"], held["indptr"])
            arrays = {
                name: held[name]
                for name in ("cost", "row_lower", "row_upper", "col_lower", "col_upper", "integer")
            }
        optimum = meta["optimum"]
        return cls.of(
            meta["family"],
            meta["size"],
            meta["seed"],
            maximise=meta["maximise"],
            offset=float.fromhex(meta["offset"]),
            matrix=sparse.csr_array(parts, shape=tuple(meta["shape"])),
            optimum=None if optimum is None else float.fromhex(optimum),
            status=meta["status"],
            conflict=tuple(meta["conflict"]),
            about=meta["about"],
            **arrays,
        )
