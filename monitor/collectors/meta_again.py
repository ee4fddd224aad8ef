"""Single posts and comments read again: as they are now, or gone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from monitor.collectors.base import Batch, CollectContext
from monitor.collectors.meta_api import GraphError
from monitor.mention import Mention, Refusal, Removal


def read_again(
    platform: str,
    global_ids: Iterable[str],
    context: CollectContext,
    read: Callable[[str], Mention],
    is_ours: Callable[[str], bool] = lambda _id: True,
) -> Iterator[Batch]:
    """A batch for each of `global_ids`; `read` raises GraphError, ValueError. Raises SourceError.

    Meta answers alike for what is gone and for what is not ours to see, so only of what `is_ours` the first is
    believed.
    """
    for global_id in global_ids:
        if context.stopping():
            return
        try:
            made = replace(read(global_id), edited_at=context.now)
        except GraphError as exc:
            if exc.concerns_all or exc.is_trouble:
                raise
            if exc.gone:
                yield Batch(removals=(Removal(platform, global_id),) if is_ours(global_id) else ())
            else:
                yield _refused(global_id, exc)
        except ValueError as exc:
            yield _refused(global_id, exc)
        else:
            yield Batch((made,) if made.text else ())


def _refused(global_id: str, exc: Exception) -> Batch:
    return Batch(refusals=(Refusal(global_id, f"cannot be read again: {str(exc)[:200]}"),))
