"""The contract suite's adapter for the file drop: a folder instead of a platform."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from monitor.collectors.file_drop import FileDropOptions
from tests.fakes.platform_server import FakePlatform
from tests.monitor.collectors.contract import Adapter

_NO_SERVER = "there is no server: files lie in a folder"


class FileDropAdapter(Adapter):
    type_name = "file_drop"
    not_applicable: ClassVar = {
        "not_modified": _NO_SERVER,
        "failing_server": _NO_SERVER,
        "failing_in_the_middle_of_a_walk": _NO_SERVER,
        "rate_limited": _NO_SERVER,
        "endless_paging": _NO_SERVER,
        "duplicate_pages": "a file that is dropped twice is tested in test_file_drop.py",
        "calls_are_declared": _NO_SERVER,
        "deletion": "a file cannot be asked again whether a post is still there",
    }

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.numbers = count(1)

    def make_platform(self) -> FakePlatform:
        return FakePlatform(self.clock)

    def options(self) -> FileDropOptions:
        return FileDropOptions(name="drop", folder=self.folder)

    def drop(self, line: str) -> None:
        path = self.folder / f"{next(self.numbers):04}.ndjson"
        path.write_text(line + "\n", encoding="utf-8")
        settled = (self.clock.now() - timedelta(seconds=10)).timestamp()
        os.utime(path, (settled, settled))

    def post(self, text: str, *, at: datetime, parent: str | None = None) -> str:
        global_id = f"post-{next(self.numbers)}"
        self.drop(json.dumps({"id": global_id, "text": text, "created_at": at.isoformat(), "parent_id": parent}))
        return global_id

    def edit(self, global_id: str, text: str) -> None:
        self.drop(json.dumps({"id": global_id, "text": text, "created_at": self.clock.now().isoformat()}))

    def delete(self, global_id: str) -> None:
        """Nothing tells the folder."""

    def add_malformed(self) -> None:
        self.drop('{"id": "x", "text": ')
