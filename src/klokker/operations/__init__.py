"""What a person may ask: create, edit, pause, resume, retire, run, backfill, cancel, retry, rewind, repair; nodes and lanes.

The only writers of definitions. Console, API, command line, sync and the engine ask alike; each wish can be previewed
with the same decision that writes it (`operation.preview`, `operation.do`).
"""
