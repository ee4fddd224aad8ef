"""The contract suite's adapter for Trustpilot."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from pydantic import SecretStr

from monitor.collectors.trustpilot import TrustpilotOptions
from monitor.collectors.trustpilot_review import REVIEW
from tests.fakes.trustpilot import API, DOMAIN, FakeTrustpilot, iso
from tests.monitor.collectors.contract import SECRET, Adapter


class TrustpilotAdapter(Adapter):
    type_name = "trustpilot"
    not_applicable: ClassVar = {"not_modified": "pages move with every review; none is answered with 304"}

    platform: FakeTrustpilot

    def make_platform(self) -> FakeTrustpilot:
        return FakeTrustpilot(self.clock, key=SECRET)

    def options(self) -> TrustpilotOptions:
        return TrustpilotOptions(name="tp", api_key=SecretStr(SECRET), business_units=(DOMAIN,), api_url=API)

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        return REVIEW + self.platform.add(text, at)

    def edit(self, global_id: str, text: str) -> None:
        changes = {"text": text, "updatedAt": iso(self.clock.now())}
        self.platform.reviews[global_id.removeprefix(REVIEW)].update(changes)

    def delete(self, global_id: str) -> None:
        del self.platform.reviews[global_id.removeprefix(REVIEW)]

    def add_malformed(self) -> None:
        self.platform.raw_extra = [
            "text",
            {"id": "x y", "stars": 1},
            {"id": "a", "stars": 9},
            {"id": "b", "stars": 1},
        ]
