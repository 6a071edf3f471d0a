"""What may change while the process runs: replaced whole, never changed in place."""

from collections.abc import Mapping
from dataclasses import dataclass

from catalog.catalog import Catalog

from dispatcher.domain.providers import Breaker, Provider


@dataclass(slots=True)
class Known:
    """The models, and the providers with their keys and limits, as they were read last."""

    catalog: Catalog
    providers: Mapping[str, Provider]

    def breaker(self, name: str) -> Breaker:
        """When this provider's circuits open."""
        found = self.providers.get(name)
        return found.breaker if found else Breaker()
