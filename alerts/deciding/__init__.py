"""The parts of `alerts.decide`: one module a concern, all pure."""
