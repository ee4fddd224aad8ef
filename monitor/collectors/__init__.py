"""One file a platform, and the machinery that they share. `registry` finds the collectors and loads them late.

Shared: `base` (the contract), `http` (the only way out), `targets` (several feeds or servers in one source),
`rate_limits`, `urls`, `redaction`, `answers`, `html_text`, `times`.
"""
