"""Why a round has no plan: how much is missing, and what cannot hold together."""
